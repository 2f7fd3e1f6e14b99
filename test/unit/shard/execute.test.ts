/** What keeps a disruptive action back at the last moment, and what is counted of those that were taken. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Deps } from '../../../controller/deps.ts';
import { createFleet } from '../../../controller/fleet.ts';
import { createMetrics } from '../../../controller/metrics.ts';
import type { Execution } from '../../../controller/shard/execute/context.ts';
import { executePlan } from '../../../controller/shard/execute/index.ts';
import { emptyCache } from '../../../controller/shard/gather/cache.ts';
import { merged } from '../../../controller/shard/plan/planner.ts';
import type { Action, Permit } from '../../../controller/shard/state/action.ts';
import type { PhaseRecord } from '../../../controller/shard/state/phase.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { NOW, stateOf } from '../../support/shard-world.ts';

interface Room {
  nowMs: number;
  /** What was written or called, in words. */
  done: string[];
  told: string[];
  deps: Deps;
}

/** Where several clusters are worked on by one process. `shards` and `pods` are what its caches hold. */
const room = ({ shards = [] as KubeObject[], pods = [] as KubeObject[], limit = 1 } = {}): Room => {
  const done: string[] = [];
  const told: string[] = [];
  const kept: Room = { nowMs: NOW, done, told, deps: undefined as never };
  const note =
    (what: string) =>
    async (...[first]: unknown[]): Promise<void> => {
      done.push(`${what} ${(first as { name?: string }).name ?? ''}`.trim());
    };
  kept.deps = {
    clock: { now: () => kept.nowMs, after: () => () => {} },
    kube: { mergePatch: note('patch'), delete: note('delete') },
    rpc: {
      resignLeadership: note('resign'),
      stopReplication: note('stop replication'),
      updateRule: note('update rule'),
      shardStatus: async () => ({ problems: [] }),
    },
    listers: { Shard: { list: () => shards }, Pod: { list: () => pods } },
    events: { event: (_: unknown, __: string, reason: string) => told.push(reason) },
    metrics: createMetrics(),
    log: { info: () => {}, warn: () => {} },
    fleet: createFleet(limit, () => kept.nowMs),
    wakeups: { wake: () => {} },
  } as unknown as Deps;
  return kept;
};

const carryOut = async ({ deps }: Room, action: Action, cluster = 'demo'): Promise<void> => {
  const state = stateOf({ healthy: ['a', 'b', 'c', 'd'] });
  const { metadata } = state.shard;
  const labels = { ...metadata.labels, [LABELS.cluster]: cluster };
  const shard = { ...state.shard, metadata: { ...metadata, labels } };
  const execution = { deps, state: { ...state, shard }, cache: emptyCache(), material: {} };
  assert.deepEqual(await executePlan(execution as Execution, merged([{ actions: [action] }])), []);
};

const record: PhaseRecord = {
  phase: 'requested',
  purpose: 'replace',
  reason: 'the reason',
  requestedMs: NOW,
};
const reason = 'the reason';
const PERMIT: Permit = { pod: 'b', uid: 'uid-b', readAtMs: NOW };

/** One of each kind, on pod b, by this permit. */
const disruptive = (permit: Permit): Record<string, Action> => ({
  'delete-pod': { kind: 'delete-pod', pod: 'b', uid: 'uid-b', permit, record, reason },
  'switch-primary': {
    kind: 'switch-primary',
    ...{ pod: 'b', id: names.poolerId('b'), permit, record, reason },
  },
  'leave-cohort': { kind: 'leave-cohort', pod: 'b', id: names.poolerId('b'), permit, reason },
});

const REFUSED: Record<string, Permit | undefined> = {
  'was never given': undefined,
  'is for another pod': { ...PERMIT, pod: 'c', uid: 'uid-c' },
  'is for an earlier pod of that name': { ...PERMIT, uid: 'uid-of-before' },
  'rests on a reading of 11 s ago': { ...PERMIT, readAtMs: NOW - 11_000 },
};

describe('a disruptive action', () => {
  for (const kind of Object.keys(disruptive(PERMIT))) {
    it(`(${kind}) is carried out by its guard’s permission`, async () => {
      const here = room();
      const action = disruptive(PERMIT)[kind];
      assert.ok(action);
      await carryOut(here, action);
      assert.notDeepEqual(here.done, []);
    });

    for (const [what, permit] of Object.entries(REFUSED)) {
      it(`(${kind}) is not carried out nor told when the permission ${what}`, async () => {
        const here = room();
        const action = disruptive(permit as Permit)[kind];
        assert.ok(action);
        const notice = { type: 'Normal', reason: 'DrainCompleted', message: '' } as const;
        await carryOut(here, { ...action, notice });
        assert.deepEqual([here.done, here.told], [[], []]);
      });
    }
  }

  it('does not delete a pod that took the place of the one that was meant', async () => {
    const here = room();
    const permit = PERMIT;
    await carryOut(here, { kind: 'delete-pod', pod: 'b', uid: 'uid-of-before', permit, reason });
    assert.deepEqual(here.done, []);
  });
});

describe('a checkpoint before a switchover', () => {
  for (const [how, call] of Object.entries({
    'was written': async () => {},
    'could not be written': () => Promise.reject(new Error('deadline exceeded')),
  })) {
    it(`is noted when it ${how}, so that the switchover is next`, async () => {
      const here = room();
      here.deps.rpc.checkpoint = call;
      const execution = { deps: here.deps, state: stateOf({ healthy: ['a', 'b'] }) };
      const cache = emptyCache();
      const action: Action = { kind: 'checkpoint', pod: 'a', id: names.poolerId('a'), reason };
      await executePlan(
        { ...execution, cache, material: {} } as Execution,
        merged([{ actions: [action] }]),
      );
      await setImmediate();
      assert.deepEqual(cache.checkpoint, { id: names.poolerId('a'), endedMs: NOW });
      assert.equal(cache.jobs.size, 0);
    });
  }
});

describe('the number of clusters that are rolled out at once', () => {
  const ask: Action = {
    kind: 'set-phase',
    ...{ pod: 'b', record, reason },
    notice: { type: 'Normal', reason: 'RollingUpdateStarted', message: '' },
  };

  it('holds before the first write shows in the caches', async () => {
    const here = room();
    await carryOut(here, ask, 'one');
    await carryOut(here, ask, 'two');
    assert.deepEqual(here.told, ['RollingUpdateStarted']);
    await carryOut(here, ask, 'one');
    assert.equal(here.done.length, 2);
    here.nowMs += 11_000;
    await carryOut(here, ask, 'two');
    assert.equal(here.done.length, 3);
  });

  const other = (name: string, more: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', labels: { [LABELS.cluster]: name }, ...more },
  });
  const rolling = {
    ...other('two', {}),
    status: { conditions: [{ type: 'RollingUpdate', status: 'True' }] },
  };
  const leaving = other('two', { annotations: { [ANNOTATIONS.drainPurpose]: 'replace' } });
  const OTHERS: Record<string, Parameters<typeof room>[0]> = {
    'is being rolled out, between two pods': { shards: [rolling] },
    'has a pod on its way out': { pods: [leaving] },
  };

  for (const [what, objects] of Object.entries(OTHERS)) {
    it(`counts another cluster that ${what}`, async () => {
      const one = room({ ...objects });
      await carryOut(one, ask, 'one');
      assert.deepEqual([one.done, one.told], [[], []]);
      const two = room({ ...objects, limit: 2 });
      await carryOut(two, ask, 'one');
      assert.equal(two.done.length, 1);
    });

    it(`does not count itself when it ${what}`, async () => {
      const here = room({ ...objects });
      await carryOut(here, ask, 'two');
      assert.equal(here.done.length, 1);
    });
  }

  it('does not keep a member from leaving for good', async () => {
    const here = room({ shards: [rolling] });
    await carryOut(here, { ...ask, record: { ...record, purpose: 'remove' } }, 'one');
    assert.equal(here.done.length, 1);
  });

  it('is any with a limit of 0', async () => {
    const here = room({ shards: [rolling], pods: [leaving], limit: 0 });
    await carryOut(here, ask, 'one');
    assert.equal(here.done.length, 1);
  });
});

it('counts how drains end', async () => {
  const here = room();
  for (const drain of ['success', 'timeout', 'cancelled', 'cancelled'] as const) {
    const notice = { type: 'Normal', reason: 'Ended', message: '', drain } as const;
    await carryOut(here, { kind: 'set-phase', pod: 'b', record: undefined, reason, notice });
  }
  const text = await here.deps.metrics.text();
  const counted = [...text.matchAll(/drain_operations_total\{.*result="(\w+)".*\} (\d+)/g)];
  assert.deepEqual(Object.fromEntries(counted.map(([, result, count]) => [result, count])), {
    success: '1',
    timeout: '1',
    cancelled: '2',
  });
});
