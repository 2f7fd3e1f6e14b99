import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unknownFields } from '../../../schemas/unknown-fields.ts';
import { validate } from '../../support/validate.ts';
import { plainPath, schemaCases } from '../../support/schema-cases.ts';

/** The same cases as on a real API server, see test/integration/crds.test.ts. */
describe('offline verdicts', () => {
  for (const { name, object, old, expected } of schemaCases())
    test(`${expected.verdict}: ${name}`, () => {
      const errors = validate(object.kind, object, old);
      const summary = errors.map(({ path, message, fix }) => `${path}: ${message}: ${fix}`);
      if (expected.verdict === 'accepted') {
        assert.deepEqual(summary, []);
        return;
      }
      const paths = errors.map((error) => plainPath(error.path));
      assert.ok(paths.includes(plainPath(expected.path ?? '')), summary.join('\n') || 'no error');
      const words = expected.because ?? '';
      assert.ok(
        summary.some((text) => text.includes(words)),
        `no "${words}" in ${summary.join('\n')}`,
      );
    });
});

describe('unknown fields', () => {
  for (const { name, object, expected } of schemaCases())
    test(`${expected.unknown ? 'found' : 'none'}: ${name}`, () => {
      const paths = unknownFields(object.kind, object).map((error) => error.path);
      assert.deepEqual(paths, expected.unknown ?? []);
    });
});

test('an error shows path, value, what is wrong and what to do', () => {
  const object = { spec: { postgresPasswordSecretRef: { name: 'Pw', key: 'k' } } };
  assert.deepEqual(validate('MultigresCluster', object), [
    {
      path: 'spec.postgresPasswordSecretRef.name',
      value: 'Pw',
      message: 'is not written as it has to be',
      fix: "use the name of a Secret: lower-case letters, digits, '-' and '.'",
    },
  ]);
});

test('rules wait until types are right', () => {
  const spec = { backup: { type: 's3' }, cells: [{ name: 7 }] };
  assert.deepEqual(
    validate('MultigresCluster', { metadata: { name: 'm' }, spec })
      .map((error) => error.path)
      .toSorted(),
    ['spec.cells[0].name', 'spec.postgresPasswordSecretRef'],
  );
});

test('a kind of somebody else is a mistake of the caller', () => {
  assert.throws(() => validate('Pod', {}), /Pod is no kind of the API; there are MultigresCluster/);
});
