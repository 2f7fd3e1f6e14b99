import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Purpose } from '../../../controller/shard/state/phase.ts';
import type { Disruption } from '../../../controller/shard/guards/may-disrupt.ts';
import { CHECKS, mayDisrupt } from '../../../controller/shard/guards/may-disrupt.ts';
import type { World } from '../../support/shard-world.ts';
import { stateOf } from '../../support/shard-world.ts';

interface Attempt {
  pod: string;
  purpose?: Purpose;
  effect?: Disruption['effect'];
  world: Partial<World>;
}

const HEALTHY = ['a', 'b', 'c'];

const verdictOf = ({ pod, purpose = 'replace', effect = 'delete', world }: Attempt) => {
  const state = stateOf({ healthy: HEALTHY, ...world });
  const target = state.members.find((member) => member.pod === pod);
  assert.ok(target);
  return mayDisrupt({ state, target, purpose, effect });
};

/** Each check of the list, and a shard in which it is the one that refuses. */
const REFUSALS: Record<string, Attempt> = {
  'not-paused': { pod: 'b', world: { paused: true } },
  'nobody-else': { pod: 'b', world: { pods: { c: { terminating: -5 } } } },
  'fleet-has-room': { pod: 'b', world: { rolling: ['other/demo'] } },
  'topology-read': { pod: 'b', world: { topologyError: 'no connection' } },
  'leader-answers': { pod: 'b', world: { poolers: { a: { role: 'PRIMARY', rule: '1.1' } } } },
  'leader-in-cohort': {
    pod: 'b',
    world: { rule: { leader: 'a', number: '1.2', cohort: ['b', 'c'] } },
  },
  'others-useful': { pod: 'b', world: { poolers: { c: { answers: 'detached' } } } },
  'policy-still-met': { pod: 'b', purpose: 'remove', world: { healthy: ['a', 'b'] } },
  'others-elect': {
    pod: 'a',
    effect: 'delete',
    world: {
      healthy: ['a', 'b', 'c'],
      rule: { leader: 'a', number: '1.2', cohort: ['a', 'b', 'c', 'x', 'y', 'z'] },
    },
  },
  'orchestrator-there': { pod: 'b', world: { orchReady: false } },
  'nothing-runs-on-it': {
    pod: 'b',
    world: { poolers: { b: { answers: 'standby', busy: 'CREATING_FIRST_BACKUP' } } },
  },
  'fresh-reading': { pod: 'b', world: { heard: true } },
};

describe('may a member be taken away', () => {
  it('when all is well', () => {
    const verdict = verdictOf({ pod: 'b', world: {} });
    assert.ok(verdict.ok);
    assert.equal(verdict.permit.pod, 'b');
    assert.equal(verdict.permit.uid, 'uid-b');
  });

  it('has a refusing case for every check', () => {
    assert.deepEqual(Object.keys(REFUSALS).toSorted(), CHECKS.map(({ name }) => name).toSorted());
  });

  for (const [check, attempt] of Object.entries(REFUSALS)) {
    it(`not against ${check}`, () => {
      const verdict = verdictOf(attempt);
      assert.ok(!verdict.ok, 'it was permitted');
      assert.equal(verdict.check, check, verdict.reason);
    });
  }

  it('whatever the quorum says when nothing of it runs and another leads', () => {
    const world: Partial<World> = {
      pods: { b: { waiting: 'CrashLoopBackOff' } },
      poolers: { b: null, c: { answers: 'detached' } },
    };
    assert.ok(verdictOf({ pod: 'b', world }).ok);
  });

  it('not on the word of the kubelet alone when it is the leader of the last rule', () => {
    const world: Partial<World> = {
      pods: { a: { waiting: 'CrashLoopBackOff' } },
      poolers: { a: null },
    };
    assert.ok(!verdictOf({ pod: 'a', world }).ok);
  });

  it('one of two, to be replaced', () => {
    assert.ok(verdictOf({ pod: 'b', world: { healthy: ['a', 'b'] } }).ok);
  });

  it('leadership, when the others can elect', () => {
    assert.ok(verdictOf({ pod: 'a', purpose: 'move', effect: 'switch', world: {} }).ok);
  });
});
