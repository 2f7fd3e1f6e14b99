import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../schemas/k8s.ts';
import type { SeenPooler } from '../../../hack/lifecycle/poolers.ts';
import { leaderOf, problems, type Seen } from '../../../hack/lifecycle/truth.ts';

const PODS = ['a', 'b', 'c'];
const COHORT = PODS.map((pod) => `zone-${pod}/p-${pod}`);

const pod = (name: string, ready = 'True'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

const pooler = (name: string, more: Partial<SeenPooler> = {}): SeenPooler => ({
  id: `zone-${name}/p-${name}`,
  hostname: `${name}.demo.svc`,
  pod: name,
  primary: name === 'a',
  term: '3',
  cohort: COHORT,
  policy: 'AT_LEAST_2',
  ruledAt: undefined,
  syncNames: [],
  ...more,
});

function whole(): Seen {
  const metadata = { name: 'demo', generation: 2 };
  const status = { observedGeneration: 2, phase: 'Healthy' as const };
  const podRoles = { a: 'PRIMARY', b: 'REPLICA', c: 'REPLICA' };
  return {
    cluster: { kind: 'MultigresCluster', metadata, status },
    shard: { kind: 'Shard', metadata, spec: { replicas: 3 }, status: { ...status, podRoles } },
    pods: PODS.map((name) => pod(name)),
    poolers: PODS.map((name) => pooler(name)),
  } as unknown as Seen;
}

/** What is told about a cluster that differs from a whole one in one thing. */
const CASES: [title: string, change: (seen: Seen) => void, told: RegExp][] = [
  [
    'a phase',
    ({ shard }) => Object.assign(shard.status ?? {}, { phase: 'Degraded', message: 'why' }),
    /^Shard is Degraded: why$/,
  ],
  ['an unseen generation', ({ cluster }) => (cluster.metadata.generation = 3), /generation 3/],
  ['a missing pod', (seen) => seen.pods.pop(), /2 pool pods instead of 3/],
  ['a pod that is not Ready', (seen) => (seen.pods[1] = pod('b', 'False')), /pod b is not Ready/],
  ['a silent pooler', (seen) => seen.poolers.pop(), /2 of 3 poolers answer/],
  [
    'two primaries',
    (seen) => (seen.poolers[1] = pooler('b', { primary: true })),
    /primaries: a, b/,
  ],
  ['no primary', (seen) => (seen.poolers[0] = pooler('a', { primary: false })), /primaries: none/],
  [
    'a small cohort',
    (seen) => (seen.poolers[0] = pooler('a', { cohort: COHORT.slice(1) })),
    /the cohort of a is b, c, the pods are a, b, c/,
  ],
  [
    'a role that is not so',
    ({ shard }) => Object.assign(shard.status?.podRoles ?? {}, { b: 'PRIMARY' }),
    /status says that b is PRIMARY, it is REPLICA/,
  ],
  [
    'a role of a pod that is gone',
    ({ shard }) => Object.assign(shard.status?.podRoles ?? {}, { d: 'REPLICA' }),
    /status says that d is REPLICA, it is gone/,
  ],
];

describe('the truth about a cluster', () => {
  it('has nothing to say about a whole one', () => {
    assert.deepEqual(problems(whole()), []);
    assert.equal(leaderOf(whole()), 'a');
  });
  for (const [title, change, told] of CASES) {
    it(`names ${title}`, () => {
      const seen = whole();
      change(seen);
      assert.match(problems(seen).join('; '), told);
    });
  }
});
