import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  leavesRecords,
  toRemove,
  toRemoveByStatus,
} from '../../../controller/cluster/leftovers.ts';
import { resolvedStatus } from '../../../controller/cluster/resolved.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { objectsIn, zone } from '../../support/objects.ts';

const { base } = objectsIn('ns');
const resolve = (spec: object) => {
  const resolved = resolveCluster(base(spec), { core: {}, cell: {}, shard: {} });
  assert.ok(resolved.ok);
  return resolved.value;
};
const external = (rootPath: string) => ({
  external: { endpoints: [`http://${rootPath.slice(1)}:2379`], rootPath },
});
const outside = { globalTopoServer: external('/global') };

test('records stay behind only in topology servers that others run', () => {
  assert.equal(leavesRecords(resolve({})), false);
  assert.equal(leavesRecords(resolve(outside)), true);
  const cells = [{ ...zone('z1'), spec: { localTopoServer: external('/local') } }];
  assert.equal(leavesRecords(resolve({ cells })), true);
  assert.equal(leavesRecords(resolve({ ...outside, topologyPruning: { enabled: false } })), false);
});

test('each cell is looked up where its processes registered', () => {
  const cells = [
    zone('global'),
    { ...zone('own'), spec: { localTopoServer: { etcd: { replicas: 1 } } } },
    { ...zone('other'), spec: { localTopoServer: external('/local') } },
  ];
  assert.deepEqual(toRemove(resolve({ ...outside, cells })).cells, [
    { name: 'global', at: { endpoints: ['http://global:2379'], root: '/global' } },
    { name: 'own' },
    { name: 'other', at: { endpoints: ['http://local:2379'], root: '/local' } },
  ]);
});

for (const whenDeleted of ['Retain', 'Delete']) {
  test(`spec and status agree on what is left, with ${whenDeleted}`, () => {
    const resolved = resolve({ ...outside, pvcDeletionPolicy: { whenDeleted } });
    const { ref: _, ...bySpec } = toRemove(resolved);
    const status = { resolved: resolvedStatus(resolved) };
    assert.deepEqual(toRemoveByStatus({ ...base(), status } as MultigresCluster), bySpec);
    assert.deepEqual(
      bySpec.shards.map(({ retained }) => retained),
      [whenDeleted === 'Retain'],
    );
  });
}
