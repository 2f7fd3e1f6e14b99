import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { unknownFields } from '../../schemas/unknown-fields.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import { apiCases, CASES } from '../support/api-cases.ts';
import { commandOutcome } from '../support/api-cli.ts';
import { assertExpected, pureOutcome } from '../support/api-outcome.ts';

const cases = apiCases();

describe('pure functions', () => {
  for (const item of cases) {
    test(item.name, () => {
      assertExpected(item, pureOutcome(item));
    });
  }
});

describe('command line', () => {
  for (const item of cases.filter(({ request }) => request.subresource === undefined)) {
    test(item.name, () => {
      const outcome = commandOutcome(item);
      assert.ok(outcome);
      // kubectl and the linter want to be told of unknown fields, which the API drops by itself
      const unknown = unknownFields(item.input.kind, item.input).length > 0;
      if (unknown) {
        assert.equal(outcome.by, 'schema');
        return;
      }
      assertExpected(item, outcome);
      const pure = pureOutcome(item);
      if (outcome.by !== 'schema') {
        assert.deepEqual([outcome.denied, outcome.warned], [pure.denied, pure.warned]);
      }
    });
  }
});

interface Proof {
  file: string;
  test: string;
}

describe('the rows of the acceptance table', () => {
  const ROWS = { A: 71, D: 36, V: 51, S: 17 };
  const elsewhere = parse(readFileSync(new URL('elsewhere.yaml', CASES), 'utf8')) as Record<
    string,
    Proof[]
  >;
  const known = Object.entries(ROWS).flatMap(([letter, last]) =>
    Array.from({ length: last }, (_, i) => `${letter}${i + 1}`),
  );

  test('have a case each, or a test that proves them', () => {
    const proven = new Set([...cases.map(({ row }) => row), ...Object.keys(elsewhere)]);
    assert.deepEqual(
      known.filter((row) => !proven.has(row)),
      [],
    );
    assert.deepEqual(
      [...proven].filter((row) => !known.includes(row)),
      [],
    );
  });

  test('that other tests prove name tests that exist', () => {
    const root = new URL('../../', import.meta.url);
    for (const [row, proofs] of Object.entries(elsewhere)) {
      for (const { file, test: title } of proofs) {
        const url = new URL(file, root);
        assert.ok(existsSync(url), `${row}: ${file}`);
        assert.ok(readFileSync(url, 'utf8').includes(title), `${row}: no "${title}" in ${file}`);
      }
    }
  });
});

test('docs/compatibility.md tells of every policy that denies', () => {
  const docs = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
  const denying = POLICIES.filter(({ mode }) => mode === 'deny').map(({ id }) => id);
  assert.deepEqual(
    denying.filter((id) => !docs.includes(`\`${id}\``)),
    [],
  );
});
