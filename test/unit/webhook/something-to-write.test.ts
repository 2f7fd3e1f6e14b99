/** The condition of the mutating webhook, evaluated as the API server does, against what admission writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { celValue } from '../../../cli/cel.ts';
import { sameJson } from '../../../schemas/canonical.ts';
import { defaultCluster } from '../../../schemas/defaults/multigrescluster.ts';
import { storedForm } from '../../../schemas/stored-form.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { SOMETHING_TO_WRITE } from '../../../webhook/something-to-write.ts';
import { anyCluster } from '../../support/clusters.ts';

const holds = new Environment()
  .registerVariable('object', 'dyn')
  .parse(SOMETHING_TO_WRITE.expression);

const asked = (object: object): boolean => {
  const result: unknown = holds({ object: celValue(object) });
  assert.equal(typeof result, 'boolean');
  return result as boolean;
};
const cluster = (spec?: unknown): MultigresCluster =>
  ({ kind: 'MultigresCluster', metadata: { name: 'm' }, spec }) as MultigresCluster;
const SEED = { seed: 7, numRuns: 2000 };

test('whatever admission would write into, with our CRD or without, it is asked about', () => {
  fc.assert(
    fc.property(anyCluster, (made) => {
      const raw = JSON.parse(JSON.stringify(made)) as MultigresCluster;
      for (const object of [raw, storedForm('MultigresCluster', raw)]) {
        if (!sameJson(defaultCluster(object), object))
          assert.ok(asked(object), JSON.stringify(object));
      }
    }),
    SEED,
  );
});

test('what it has written it is not asked about again', () => {
  fc.assert(
    fc.property(anyCluster, (made) => {
      const stored = defaultCluster(JSON.parse(JSON.stringify(made)) as MultigresCluster);
      assert.equal(asked(stored), false, JSON.stringify(stored));
    }),
    SEED,
  );
});

test('with our CRD a manifest without empty blocks is not asked about', () => {
  const spec = { postgresPasswordSecretRef: { name: 'pw', key: 'p' }, cells: [{ name: 'z' }] };
  assert.equal(asked(storedForm('MultigresCluster', cluster(spec))), false);
  for (const more of [
    { globalTopoServer: {} },
    { globalTopoServer: { etcd: {}, templateRef: 't' } },
    { multiadmin: { placement: {} } },
    { multiadminWeb: { templateRef: '' } },
    { durabilityPolicy: '' },
    { logLevels: { pgctld: '' } },
    { images: { imagePullPolicy: '' } },
    { databases: [{ name: 'postgres', default: true, tablegroups: [] }] },
  ]) {
    const object = storedForm('MultigresCluster', cluster({ ...spec, ...more }));
    assert.equal(asked(object), true, JSON.stringify(more));
  }
  assert.equal(asked({ metadata: { name: 'm' } }), true);
});

test('values of any type give an answer and no failure', () => {
  const value = fc.constantFrom<unknown>(
    0,
    1.5,
    '',
    'x',
    true,
    [],
    [1],
    {},
    { etcd: 1 },
    [[]],
    [{}],
  );
  const names = ['images', 'logLevels', 'globalTopoServer', 'multiadmin', 'databases', 'backup', 'durabilityPolicy']; // prettier-ignore
  const anySpec = fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.oneof(value, anySpec), (spec) => {
      asked({ metadata: { name: 'm' }, spec });
      asked(storedForm('MultigresCluster', cluster(spec)));
    }),
    SEED,
  );
});
