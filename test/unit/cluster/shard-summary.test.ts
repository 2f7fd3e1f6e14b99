import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterChildren } from '../../../controller/cluster/desired.ts';
import { shardSummaries } from '../../../controller/cluster/shard-summary.ts';
import { shardsOf } from '../../../controller/tablegroup/desired.ts';
import { DEFAULT_IMAGES } from '../../../schemas/images.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type { Shard, ShardStatus, TableGroup } from '../../../schemas/types.ts';
import { objectsIn } from '../../support/objects.ts';

const { base } = objectsIn('ns');

const shard = (status: Partial<ShardStatus>): Shard =>
  ({
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'Shard',
    metadata: { name: 's', namespace: 'ns' },
    spec: { databaseName: 'postgres', tableGroupName: 'default', shardName: '0-inf' },
    status,
  }) as unknown as Shard;
const summary = (status: Partial<ShardStatus>) =>
  shardSummaries([shard(status)])['postgres/default/0-inf'];

describe('what a cluster repeats of a shard', () => {
  it('is what the shard knows, and nothing else', () => {
    const switchover = { request: 'one', phase: 'Completed', from: 'a', to: 'b' } as const;
    const known = { phase: 'Healthy', message: 'all well', primary: 'b', switchover } as const;
    const tolerance = { writeTolerance: 1, failoverTolerance: 1 };
    assert.deepEqual(
      summary({ ...known, ...tolerance, cohort: 3, expectedMembers: 3, readyReplicas: 3 }),
      { ...known, ...tolerance, cohort: '3/3' },
    );
    assert.deepEqual(summary({}), {});
  });

  const cohorts: [Partial<ShardStatus>, string | undefined][] = [
    [{ cohort: 2, expectedMembers: 3 }, '2/3'],
    [{ cohort: 6, expectedMembers: 3 }, '6'],
    [{ cohort: 3 }, '3'],
    [{ expectedMembers: 3 }, undefined],
  ];
  for (const [status, expected] of cohorts) {
    it(`counts the cohort as ${expected ?? 'unknown'} from ${JSON.stringify(status)}`, () => {
      assert.equal(summary(status)?.cohort, expected);
    });
  }
});

describe('a request for a switchover', () => {
  const KEY = 'multigres.com/switchover';
  const requested = (annotations?: Record<string, string>): (string | undefined)[] => {
    const cluster = base();
    if (annotations) cluster.metadata.annotations = annotations;
    const resolved = resolveCluster(cluster, { core: {}, cell: {}, shard: {} });
    assert.ok(resolved.ok);
    const context = { images: { etcd: 'e', exporter: 'x' }, otelEnv: {} };
    const children = clusterChildren(resolved.value, cluster, DEFAULT_IMAGES, context);
    const groups = children.filter(({ kind }) => kind === 'TableGroup') as TableGroup[];
    const all = [...groups, ...groups.flatMap(shardsOf)];
    assert.equal(all.length, 2);
    return all.map(({ metadata }) => metadata.annotations?.[KEY]);
  };

  it('reaches the shards of the cluster', () => {
    assert.deepEqual(requested({ [KEY]: 'now' }), ['now', 'now']);
  });
  it('is nowhere when nobody made one', () => {
    assert.deepEqual(requested(), [undefined, undefined]);
    assert.deepEqual(requested({ 'multigres.com/other': 'x' }), [undefined, undefined]);
  });
});
