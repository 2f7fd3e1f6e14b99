import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { apiCases, CASES } from '../support/api-cases.ts';
import { assertExpected, pureOutcome } from '../support/api-outcome.ts';

const cases = apiCases();

describe('pure functions', () => {
  for (const item of cases) {
    test(item.name, () => {
      assertExpected(item, pureOutcome(item));
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
