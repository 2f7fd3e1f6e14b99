import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnding } from '../../../controller/observe/ending.ts';
import { createStores } from '../../../controller/watched.ts';
import type { KindName, KubeObject } from '../../../schemas/k8s.ts';

interface Options {
  uid?: string;
  owner?: [kind: string, uid: string];
  leaving?: true;
}
const object = (kind: string, name: string, options: Options = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind,
  metadata: {
    name,
    namespace: 'ns',
    uid: options.uid ?? name,
    resourceVersion: '1',
    ...(kind === 'MultigresCluster' ? {} : { labels: { 'multigres.com/cluster': 'demo' } }),
    ...(options.leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    ...(options.owner
      ? {
          ownerReferences: [
            {
              apiVersion: 'multigres.com/v1alpha1',
              kind: options.owner[0],
              name: options.owner[0] === 'MultigresCluster' ? 'demo' : options.owner[1],
              uid: options.owner[1],
              controller: true,
            },
          ],
        }
      : {}),
  },
});

const demo = object('MultigresCluster', 'demo');
const group = object('TableGroup', 'tg', { owner: ['MultigresCluster', 'demo'] });
const shard = object('Shard', 's', { owner: ['TableGroup', 'tg'] });

const cases: [string, KubeObject[], KubeObject, boolean][] = [
  ['all of its owners are there', [demo, group], shard, false],
  ['it is being deleted itself', [demo, group], object('Shard', 's', { leaving: true }), true],
  ['its owner is gone', [demo], shard, true],
  [
    'its owner is being deleted',
    [demo, { ...group, ...object('TableGroup', 'tg', { leaving: true }) }],
    shard,
    true,
  ],
  ['the owner of its owner is gone', [group], shard, true],
  [
    'the owner of its owner was made anew',
    [object('MultigresCluster', 'demo', { uid: 'new' }), group],
    shard,
    true,
  ],
  [
    'the cluster is being deleted',
    [object('MultigresCluster', 'demo', { leaving: true }), group],
    shard,
    true,
  ],
  ['it was made by hand', [], object('TopoServer', 't'), false],
  ['somebody else owns it', [], object('TopoServer', 't', { owner: ['ConfigMap', 'x'] }), false],
];

for (const [name, there, asked, expected] of cases) {
  test(`${expected ? 'ends' : 'stays'}: ${name}`, () => {
    const stores = createStores(() => 0);
    for (const one of there) stores[one.kind as KindName].observe(one);
    assert.equal(isEnding({ listers: stores }, asked), expected);
  });
}
