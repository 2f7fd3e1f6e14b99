import assert from 'node:assert/strict';
import { it } from 'node:test';
import { World } from '../../support/sim/harness.ts';

it('repeats what orchestrators say of a shard that has never had a primary', async () => {
  const world = new World({ cells: ['zone-a', 'zone-b', 'zone-c'], replicasPerCell: 1 }).begin();
  const told = (): boolean => /ShardNeedsInitialization/.test(world.shard.status.message ?? '');
  await world.until('it is told', told);
  await world.untilSteady(60_000);
  assert.ok(!told());
});
