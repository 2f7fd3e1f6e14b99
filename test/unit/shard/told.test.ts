/** What the status says of a switchover, of each pooler, and of nodes that are silent. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planShard } from '../../../controller/shard/plan/index.ts';
import { shardStatus } from '../../../controller/shard/report/status.ts';
import { isLeaving } from '../../../controller/shard/state/node.ts';
import type { ShardState } from '../../../controller/shard/state/state.ts';
import type { ShardStatus } from '../../../schemas/types.ts';
import { stateOf, type World } from '../../support/shard-world.ts';

const told = (state: ShardState): ShardStatus => shardStatus(state, planShard(state));

describe('the answer to a switchover that was asked for', () => {
  const asked = (world: Partial<World>): ShardStatus['switchover'] =>
    told(stateOf({ healthy: ['a', 'b', 'c'], switchover: 'x', ...world })).switchover;
  const moving = (attempts: number, since: number): NonNullable<World['pods']> => ({
    a: {
      leaving: {
        phase: 'draining',
        purpose: 'move',
        request: 'x',
        switched: { rule: '1.1', attempts, since },
      },
    },
  });

  it('is Pending with what stands against it', () => {
    const answer = asked({ poolers: { b: { answers: 'detached' } } });
    assert.equal(answer?.phase, 'Pending');
    assert.equal(answer.request, 'x');
    assert.match(answer.message ?? '', /b: it does not stream/);
  });

  it('is InProgress while nobody was elected', () => {
    const answer = asked({
      pods: moving(1, 2),
      poolers: { a: { answers: 'standby' } },
    });
    assert.deepEqual([answer?.phase, answer?.from], ['InProgress', 'a']);
  });

  it('is Failed when the same pooler was elected after each of three requests', () => {
    const answer = asked({ pods: moving(3, 60) });
    assert.deepEqual([answer?.phase, answer?.from, answer?.to], ['Failed', 'a', undefined]);
    assert.ok(answer?.finishedAt);
    assert.match(answer.message ?? '', /elected again .* the primary is as before/);
  });

  it('is Failed when nobody led within five minutes', () => {
    const answer = asked({ pods: moving(1, 301), poolers: { a: { answers: 'standby' } } });
    assert.equal(answer?.phase, 'Failed');
    assert.match(answer.message ?? '', /within 5 minutes/);
  });

  it('is Completed once another takes writes under a higher rule', () => {
    const answer = asked({
      pods: moving(1, 2),
      rule: { leader: 'b', number: '2.1', cohort: ['a', 'b', 'c'] },
      poolers: {
        a: { answers: 'standby' },
        b: { role: 'PRIMARY', rule: '2.1', answers: 'primary' },
      },
    });
    assert.deepEqual([answer?.phase, answer?.from, answer?.to], ['Completed', 'a', 'b']);
  });
});

describe('what is told of each pooler', () => {
  const poolersOf = (world: World, change: (state: ShardState) => void = () => {}) => {
    const state = stateOf(world);
    change(state);
    return told(state).poolers ?? {};
  };

  it('is where it is, its role and its place in the cohort, and nothing more while all is well', () => {
    const common = { index: 0, serving: true, inCohort: true };
    assert.deepEqual(poolersOf({ healthy: ['a', 'b'] }), {
      a: { ...common, cell: 'zone-a', role: 'primary' },
      b: { ...common, cell: 'zone-b', role: 'replica' },
    });
  });

  const LAGS: [seconds: number, told: number | undefined][] = [
    [9, undefined],
    [10, 10],
    [47, 40],
  ];
  for (const [seconds, lagSeconds] of LAGS) {
    it(`a lag of ${seconds} s is ${lagSeconds === undefined ? 'none' : `one of ${lagSeconds} s`}`, () => {
      const { b } = poolersOf({ healthy: ['a', 'b'] }, ({ members }) => {
        const replication = members[1]?.status?.status?.replication_status;
        assert.ok(replication);
        replication.lag = { seconds: String(seconds) };
      });
      assert.equal(b?.lagSeconds, lagSeconds);
    });
  }

  it('is that it does not serve when its Postgres is not ready', () => {
    const { b } = poolersOf({ healthy: ['a', 'b', 'c'] }, ({ members }) => {
      const status = members[1]?.status?.status;
      assert.ok(status);
      status.postgres_ready = false;
    });
    assert.equal(b?.serving, false);
    assert.match(b.state ?? '', /PostgreSQL is not ready/);
  });

  const STATES: Record<string, [Partial<World>, RegExp]> = {
    'it is on its way out': [
      { pods: { b: { oldSpec: true, leaving: { phase: 'requested' } } } },
      /^requested: the reason$/,
    ],
    'its pod is missing': [{ pods: { b: false } }, /pod does not exist/],
    'its pod is not ready': [{ pods: { b: { ready: false } } }, /pod is not ready/],
    'it does not stream': [{ poolers: { b: { answers: 'detached' } } }, /does not stream/],
    'its node is silent': [{ nodes: { 'node-b': { silent: 70 } } }, /node-b[^0-9]*$/],
  };
  for (const [what, [world, text]] of Object.entries(STATES)) {
    it(`is that ${what}`, () => {
      assert.match(poolersOf({ healthy: ['a', 'b', 'c'], ...world })['b']?.state ?? '', text);
    });
  }
});

describe('a node that does not answer', () => {
  const silent: Partial<World> = { nodes: { 'node-b': { silent: 75 } } };

  it('is named, with the time to ten seconds', () => {
    const state = stateOf({ healthy: ['a', 'b', 'c'], ...silent, pods: { b: { ready: false } } });
    assert.match(told(state).message ?? '', /node node-b does not answer since 70 s/);
  });

  it('is told to be tainted once it is overdue to end a pod', () => {
    const conditionOf = (terminating: number) =>
      told(
        stateOf({ healthy: ['a', 'b', 'c'], ...silent, pods: { b: { terminating } } }),
      ).conditions?.find(({ type }) => type === 'PodsStuck');
    assert.equal(conditionOf(5), undefined);
    const stuck = conditionOf(60);
    assert.deepEqual([stuck?.status, stuck?.reason], ['True', 'NodeNotAnswering']);
    assert.match(stuck?.message ?? '', /node node-b .*out-of-service=nodeshutdown:NoExecute/);
  });
});

describe('a node that is to be emptied', () => {
  const node = (spec: object) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    spec,
  });

  it('is one that is cordoned, or that an autoscaler has marked', () => {
    assert.equal(isLeaving(node({ unschedulable: true })), true);
    for (const key of [
      'node.kubernetes.io/unschedulable',
      'ToBeDeletedByClusterAutoscaler',
      'karpenter.sh/disrupted',
      'karpenter.sh/disruption',
    ]) {
      assert.equal(isLeaving(node({ taints: [{ key, effect: 'NoSchedule' }] })), true, key);
    }
  });

  it('is no other', () => {
    assert.equal(isLeaving(undefined), false);
    assert.equal(isLeaving(node({})), false);
    assert.equal(isLeaving(node({ taints: [{ key: 'dedicated', effect: 'NoSchedule' }] })), false);
  });
});

it('a volume grows whatever state its pod is in', () => {
  const size = (storage: string) => ({ resources: { requests: { storage } } });
  for (const pod of [
    { ready: false },
    { waiting: 'CrashLoopBackOff' },
    { phase: 'Failed' },
    false,
  ] as const) {
    const state = stateOf({ healthy: ['a', 'b', 'c'], pods: { b: pod } });
    for (const { desired, claim } of state.members) {
      assert.ok(desired && claim);
      desired.pvc.spec = size('2Gi');
      claim.spec = size('1Gi');
    }
    const applied = planShard(state).actions.flatMap((action) =>
      action.kind === 'apply' && action.object.kind === 'PersistentVolumeClaim'
        ? [[action.object.metadata.name, action.object.spec]]
        : [],
    );
    const wanted = ['a', 'b', 'c'].map((name) => [`data-${name}`, size('2Gi')]);
    assert.deepEqual(applied, wanted, JSON.stringify(pod));
  }
});
