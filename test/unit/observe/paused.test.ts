import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPaused, pausedCondition } from '../../../controller/observe/paused.ts';
import { createStores } from '../../../controller/watched.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const object = (kind: string, name: string, metadata: object = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind,
  metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1', ...metadata },
});
const paused = (value: string) => ({ annotations: { 'multigres.com/paused': value } });
const ofDemo = { labels: { 'multigres.com/cluster': 'demo' } };

const cases: [string, KubeObject | undefined, KubeObject, boolean][] = [
  ['the cluster itself', undefined, object('MultigresCluster', 'demo', paused('true')), true],
  [
    'a shard of it',
    object('MultigresCluster', 'demo', paused('true')),
    object('Shard', 's', ofDemo),
    true,
  ],
  [
    'another value',
    object('MultigresCluster', 'demo', paused('yes')),
    object('Shard', 's', ofDemo),
    false,
  ],
  ['no annotation', object('MultigresCluster', 'demo'), object('Shard', 's', ofDemo), false],
  ['no cluster', undefined, object('Shard', 's', { ...ofDemo, ...paused('true') }), false],
  [
    'a cluster of that name elsewhere',
    object('MultigresCluster', 'demo', { ...paused('true'), namespace: 'other' }),
    object('Shard', 's', ofDemo),
    false,
  ],
  [
    'a cluster that is being deleted',
    object('MultigresCluster', 'demo', {
      ...paused('true'),
      deletionTimestamp: '2026-01-01T00:00:00Z',
    }),
    object('Shard', 's', ofDemo),
    false,
  ],
];

for (const [name, cluster, asked, expected] of cases) {
  test(`${expected ? 'paused' : 'not paused'}: ${name}`, () => {
    const stores = createStores(() => 0);
    if (cluster) stores.MultigresCluster.observe(cluster);
    assert.equal(isPaused(asked, stores), expected);
  });
}

test('the condition names what is pending', () => {
  assert.match(pausedCondition([], 1).message, /; nothing is pending$/);
  const { type, status, message } = pausedCondition(['apply Cell a', 'delete Service b'], 1);
  assert.deepEqual([type, status], ['Paused', 'True']);
  assert.match(message, /; pending: apply Cell a, delete Service b$/);
});
