/**
 * Whether a cluster is whole, and whether its status says what is so: the poolers themselves are asked, and
 * compared with the pods and with what the status tells.
 */
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import type { Pod } from '../../schemas/k8s.ts';
import { until } from '../lib/run.ts';
import { poolers, type SeenPooler } from './poolers.ts';
import { clusterOf, poolPods, shardOf, type World } from './world.ts';

export interface Seen {
  cluster: MultigresCluster;
  shard: Shard;
  pods: Pod[];
  poolers: SeenPooler[];
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false;

const list = (names: Iterable<string>): string => [...names].toSorted().join(', ') || 'none';

/** Everything that is not as it should be, in words; empty when the cluster is whole and its status true. */
export function problems({ cluster, shard, pods, poolers: seen }: Seen): string[] {
  const found: string[] = [];
  const need = (holds: boolean, problem: string): void => {
    if (!holds) found.push(problem);
  };
  for (const { kind, metadata, status } of [cluster, shard]) {
    const { phase = 'none', message = '' } = status ?? {};
    need(phase === 'Healthy', `${kind} is ${phase}${message ? `: ${message}` : ''}`);
    need(
      status?.observedGeneration === metadata.generation,
      `${kind} has not seen generation ${metadata.generation}`,
    );
  }
  const wanted = shard.spec?.replicas ?? 0;
  need(pods.length === wanted, `${pods.length} pool pods instead of ${wanted}`);
  for (const pod of pods) {
    need(pod.metadata.deletionTimestamp === undefined, `pod ${pod.metadata.name} is leaving`);
    need(isReady(pod), `pod ${pod.metadata.name} is not Ready`);
  }
  const names = new Set(pods.map(({ metadata }) => metadata.name));
  const live = seen.filter(({ pod }) => names.has(pod));
  need(live.length === pods.length, `${live.length} of ${pods.length} poolers answer`);
  const leaders = live.filter(({ primary }) => primary);
  need(leaders.length === 1, `primaries: ${list(leaders.map(({ pod }) => pod))}`);
  const [leader] = leaders;
  if (!leader) return found;
  const ids = new Map(live.map(({ id, pod }) => [id, pod]));
  const cohort = leader.cohort.map((id) => ids.get(id) ?? id);
  need(
    list(cohort) === list(names),
    `the cohort of ${leader.pod} is ${list(cohort)}, the pods are ${list(names)}`,
  );
  const roles = Object.fromEntries(
    [...names].map((name) => [name, name === leader.pod ? 'PRIMARY' : 'REPLICA']),
  );
  const told = shard.status?.podRoles ?? {};
  for (const name of new Set([...Object.keys(roles), ...Object.keys(told)])) {
    need(
      told[name] === roles[name],
      `status says that ${name} is ${told[name] ?? 'nothing'}, it is ${roles[name] ?? 'gone'}`,
    );
  }
  return found;
}

export async function look(world: World): Promise<Seen> {
  const [cluster, shard, pods, seen] = await Promise.all([
    clusterOf(world),
    shardOf(world),
    poolPods(world),
    poolers(world),
  ]);
  return { cluster, shard, pods, poolers: seen };
}

/** Waits until nothing is wrong any more. Throws with what is, after the deadline. */
export async function untilWhole(world: World, timeoutMs: number): Promise<Seen> {
  let last: string[] = [];
  return await until(
    () => `cluster ${world.namespace}/${world.cluster} to be whole: ${last.join('; ')}`,
    timeoutMs,
    async () => {
      const seen = await look(world);
      last = problems(seen);
      return last.length === 0 ? seen : undefined;
    },
    1000,
  );
}

/** The pod that leads, as its pooler says. Throws while none does. */
export function leaderOf({ poolers: seen }: Seen): string {
  const leader = seen.find(({ primary }) => primary);
  if (!leader) throw new Error('no pooler is primary');
  return leader.pod;
}
