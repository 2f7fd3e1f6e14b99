/**
 * Each way in which the operator takes something away, and its process dies on it: the next one, which remembers
 * nothing, comes to the same end. Nothing that must never happen happens on the way.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KINDS } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { CrashPoints } from '../../support/sim/crash-points.ts';
import { forEveryEffect, isNoStatus, outcomeOf } from '../../support/sim/crash-points.ts';
import type { Effect } from '../../support/sim/effects.ts';
import type { World } from '../../support/sim/harness.ts';
import { podName } from '../../support/sim/scenario.ts';

const THREE = { cells: ['zone-a', 'zone-b', 'zone-c'], replicasPerCell: 1 };
const FOUR = { cells: ['zone-a', 'zone-b'], replicasPerCell: 2 };

const steadyAgain = async (world: World): Promise<void> => {
  await world.run(1000);
  await world.untilSteady();
};

const answerIn = (object: unknown): unknown =>
  (object as { status?: { switchover?: { phase?: string } } } | undefined)?.status?.switchover
    ?.phase;

/** Not the statuses that say no more of the switchover than those before them. */
const tellsOfTheSwitchover = (effect: Effect): boolean =>
  isNoStatus(effect) ||
  (effect.of === 'kube' && answerIn(effect.before) !== answerIn(effect.after));

interface Story extends Pick<CrashPoints, 'options' | 'scenario' | 'points' | 'outcome'> {
  /** At least so many deaths. */
  deaths: number;
}

const STORIES: Record<string, Story> = {
  'a rollout with a switchover (no death after a mere status, nor on zone-c’s pod, a standby)': {
    options: THREE,
    points: (effect) =>
      isNoStatus(effect) && !(effect.of === 'kube' && effect.name === podName('zone-c')),
    deaths: 12,
    scenario: async (world) => {
      world.shard.changeImage();
      await steadyAgain(world);
      assert.deepEqual(world.shard.outdatedPods(), [], world.story());
    },
  },
  'a switchover on request (no death after a status that does not tell of it)': {
    options: THREE,
    points: tellsOfTheSwitchover,
    deaths: 8,
    scenario: async (world) => {
      world.shard.annotate({ [ANNOTATIONS.switchover]: 'once' });
      await steadyAgain(world);
    },
    // Carried out once, whoever answers it.
    outcome: (world) => ({
      ...outcomeOf(world),
      answer: world.shard.status.switchover?.phase,
      elections: world.runtime.ctx.elections.length,
    }),
  },
  'a scale-down from four to two (no death after a mere status)': {
    options: FOUR,
    points: isNoStatus,
    deaths: 10,
    scenario: async (world) => {
      world.shard.scale(1);
      await steadyAgain(world);
    },
  },
  'a removal (no death after a mere status)': {
    options: THREE,
    points: isNoStatus,
    deaths: 6,
    scenario: async (world) => {
      const { shard, server } = world;
      shard.annotate({ [ANNOTATIONS.pendingDeletion]: '2026-01-01T00:00:00Z' });
      await world.until(
        'it is drained',
        () => shard.condition('ReadyForDeletion')?.status === 'True',
      );
      const living = [...world.runtime.ctx.poolers.values()].filter(({ up }) => up);
      assert.deepEqual(living, [], world.story());
      shard.delete();
      await world.until('nothing is left', () => server.list(KINDS.Shard).length === 0);
      await world.run(5000);
    },
  },
};

describe('the operator may die after any of its effects on the way of', () => {
  for (const [name, { deaths, ...story }] of Object.entries(STORIES)) {
    it(name, async () => {
      const points = await forEveryEffect({ prepare: (world) => world.beginHealthy(), ...story });
      assert.ok(points >= deaths, `only ${points} effects`);
    });
  }
});
