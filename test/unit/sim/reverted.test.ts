import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { forEveryEffect, isNoStatus } from '../../support/sim/crash-points.ts';

it('a removal that is taken back once replication was stopped leaves all four, wherever the operator dies from there on (but after a mere status)', async () => {
  const deaths = await forEveryEffect({
    options: { cells: ['zone-a', 'zone-b'], replicasPerCell: 2 },
    points: isNoStatus,
    prepare: async (world) => {
      await world.beginHealthy();
      world.shard.scale(1);
      await world.until('it may leave the cohort', () =>
        world.shard
          .pods()
          .some(
            ({ metadata }) => metadata.annotations?.[ANNOTATIONS.drainState] === 'acknowledged',
          ),
      );
    },
    scenario: async (world) => {
      await world.until('replication was stopped', () =>
        world.journal.effects.some(({ what }) => what.startsWith('StopReplication')),
      );
      world.shard.scale(2);
      await world.run(1000);
      await world.untilSteady();
      assert.equal(world.shard.cohortPods().length, 4, world.story());
    },
  });
  assert.ok(deaths >= 3, `only ${deaths} effects`);
});
