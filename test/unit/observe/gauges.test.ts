import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deps } from '../../../controller/deps.ts';
import { createMetrics } from '../../../controller/metrics.ts';
import { shardGauges } from '../../../controller/observe/gauges.ts';
import type { ShardFigures } from '../../../controller/observe/gauges.ts';
import type { Shard } from '../../../schemas/types.ts';

test('a pool that leaves the spec takes its series along', async () => {
  const metrics = createMetrics();
  const shard = (generation: number, observedGeneration: number) =>
    ({
      metadata: { name: 's', namespace: 'n', generation, labels: { 'multigres.com/cluster': 'c' } },
      status: { observedGeneration },
    }) as unknown as Shard;
  const figures = (...pools: string[]) =>
    ({
      status: { conditions: [{ type: 'RollingUpdate', status: 'True' }] },
      desired: pools.map((pool) => ({ name: `${pool}-0`, pool, cell: 'a' })),
      ready: new Set<string>(),
      drifted: new Set<string>(),
      views: [],
      waiting: { held: ['x'], stuck: [], blocked: ['y', 'z'], doing: [] },
      nowMs: 0,
    }) as unknown as ShardFigures;
  const deps = { metrics } as unknown as Deps;
  const pools = async () => {
    const text = await metrics.text();
    const rolling = [...text.matchAll(/rolling_update_in_progress\{.*pool="(\w+)".* 1$/gm)];
    const drifted = [...text.matchAll(/pool_pods_drifted\{.*pool="(\w+)"/g)];
    assert.deepEqual(
      rolling.map((match) => match[1]),
      drifted.map((match) => match[1]),
    );
    return drifted.map((match) => match[1]);
  };
  shardGauges(deps, shard(1, 0), figures('main', 'extra'));
  assert.deepEqual(await pools(), ['main', 'extra']);
  const waiting = (await metrics.text()).matchAll(/shard_pods_waiting\{.*state="(\w+)"\} (\d)/g);
  assert.deepEqual(
    [...waiting].map(([, state, count]) => `${state} ${count}`),
    ['held 1', 'stuck 0', 'blocked 2', 'doing 0'],
  );
  shardGauges(deps, shard(2, 1), figures('main'));
  assert.deepEqual(await pools(), ['main']);
  shardGauges(deps, shard(2, 2), figures('main'));
  assert.deepEqual(await pools(), ['main']);
});
