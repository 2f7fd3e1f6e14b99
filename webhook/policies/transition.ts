import type { KubeObject } from '../../schemas/k8s.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import { runningShards, shardKey } from '../../schemas/resolve/running.ts';
import type { ResolvedCluster, RunningShards } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { shardViews } from './locate.ts';
import type { PolicyKind, Transition } from './policy.ts';
import { oldTemplatesOf, type World } from './world.ts';

interface TransitionInput {
  kind: PolicyKind;
  namespace: string;
  object?: KubeObject;
  old?: KubeObject;
  world: World;
}

/** Undefined if this is no update of a cluster, or if either side cannot be resolved. */
export function transitionOf(input: TransitionInput): Transition | undefined {
  const { kind, namespace, object, old, world } = input;
  if (kind !== 'MultigresCluster' || !object || !old || !world.templates) return undefined;
  const place = (cluster: KubeObject): MultigresCluster =>
    ({ ...cluster, metadata: { namespace, ...cluster.metadata } }) as MultigresCluster;
  const [was, now] = [place(old), place(object)];
  const live = runningShards(world.shards ?? []);
  const before = resolveCluster(was, oldTemplatesOf(world) ?? world.templates, { running: live });
  if (!before.ok) return undefined;
  const running = { ...poolsOf(was, before.value), ...live };
  const after = resolveCluster(now, world.templates, { running });
  return after.ok ? { old: was, now, before: before.value, after: after.value } : undefined;
}

function poolsOf(cluster: MultigresCluster, resolved: ResolvedCluster): RunningShards {
  return Object.fromEntries(
    shardViews(cluster, resolved).map(({ database, tablegroup, shard }) => [
      shardKey(database, tablegroup, shard.name),
      { pools: shard.pools },
    ]),
  );
}
