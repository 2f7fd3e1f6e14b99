import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCelRules } from '../../../cli/cel.ts';
import { describe as textOf, judgeManifest, type ManifestFinding } from '../../../cli/judge.ts';
import { API_KINDS } from '../../../schemas/kinds/index.ts';
import { segmentsOfPointer } from '../../../schemas/paths.ts';
import { walkSchemas } from '../../../schemas/walk.ts';
import type { PolicyKind } from '../../../webhook/policies/policy.ts';
import { policyOf } from '../../support/policy.ts';
import { plainPath, type SchemaCase, schemaCases } from '../../support/schema-cases.ts';

const holds = createCelRules();

/** The dotted spelling that the cases use. */
const dotted = ({ path }: ManifestFinding): string => segmentsOfPointer(path).join('.');

function judge({ object, old }: SchemaCase, webhooks: boolean) {
  return judgeManifest(object, { holds, webhooks, ...(old ? { old } : {}) });
}

/** The cases that test/integration/crds.test.ts puts to a real API server. */
describe('the verdict of the API server alone', () => {
  for (const item of schemaCases())
    test(`${item.expected.verdict}: ${item.name}`, () => {
      const { expected } = item;
      const { findings, stored } = judge(item, false);
      const unknown = findings.filter(({ check }) => check === 'unknown-field');
      const others = findings.filter(({ check }) => check !== 'unknown-field');
      assert.deepEqual(
        unknown.map(dotted),
        (expected.unknown ?? []).map((path) => plainPath(path)),
      );
      if (expected.verdict === 'accepted') {
        assert.deepEqual(others.map(textOf), []);
        assert.partialDeepStrictEqual(stored, expected.stored ?? {});
        return;
      }
      const texts = others.map(textOf);
      assert.ok(others.map(dotted).includes(plainPath(expected.path ?? '')), texts.join('\n'));
      const because = expected.because ?? '';
      assert.ok(
        others.some(({ message, fix }) => `${message}: ${fix}`.includes(because)),
        texts.join('\n'),
      );
    });
});

test('each rule in CEL can be evaluated here', () => {
  const schemas = API_KINDS.flatMap(({ spec, status }) =>
    [spec, status].flatMap((root) => (root ? [...walkSchemas(root)] : [])),
  );
  const rules = [
    ...schemas.flatMap((schema) => schema.rules ?? []),
    ...API_KINDS.flatMap((kind) => kind.rules ?? []),
  ];
  assert.ok(rules.length > 60);
  for (const rule of rules)
    try {
      holds(rule, {}, {});
    } catch (error) {
      // values of the wrong type fail in their own way; what cannot be read is the fault of the text
      assert.doesNotMatch(String(error), /ParseError|Unknown variable/, rule.cel);
    }
});

test('the short text of a finding is kept beside the whole one', () => {
  const check = () => [{ path: '/spec', message: 'm', allowed: 'a', fix: 'f', brief: 'in short' }];
  const [, item] = schemaCases().filter(({ expected }) => expected.verdict === 'accepted');
  assert.ok(item);
  const policies = [policyOf({ kinds: API_KINDS.map(({ kind }) => kind as PolicyKind), check })];
  const [found] = judgeManifest(item.object, { holds, policies }).findings;
  assert.equal(found?.brief, 'in short');
  assert.match(found ? textOf(found) : '', /^\/spec: m\. Allowed: a\. Fix: f\. \[MG999 x\]$/);
});
