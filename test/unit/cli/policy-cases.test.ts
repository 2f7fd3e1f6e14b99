/** Each case of a policy, judged as the command line judges a file against a cluster. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { POLICIES } from '../../../webhook/policies/index.ts';
import { commandOutcome } from '../../support/api-cli.ts';
import { behindTheSchema, isChange, policyCases, verdictOf } from '../../support/policy-cases.ts';

const codeOf = (id: string): string => POLICIES.find((policy) => policy.id === id)?.code ?? id;

describe('the command line says of each case of a policy what the policy says', () => {
  for (const item of policyCases().filter(isChange))
    test(`${item.policy}: ${item.name}`, () => {
      const outcome = commandOutcome(item);
      assert.ok(outcome);
      if (outcome.by !== 'schema')
        assert.equal(verdictOf(outcome, codeOf(item.policy)), item.verdict, outcome.text);
      else assert.ok(behindTheSchema.has(`${item.policy}/${item.name}`), outcome.text);
    });
});
