import type { KubeObject } from '../schemas/k8s.ts';
import { resolveCluster } from '../schemas/resolve/cluster.ts';
import { runningShards, shardKey } from '../schemas/resolve/running.ts';
import type { ResolvedCluster, RunningShards, Templates } from '../schemas/resolve/types.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import { consumersOf, type ConsumerInput } from './policies/consumers.ts';
import { shardViews } from './policies/locate.ts';
import { once } from './policies/once.ts';
import type { PolicyContext, Transition } from './policies/policy.ts';
import { oldTemplatesOf } from './policies/world.ts';

/** Completes a context with the resolved clusters, each worked out at most once and on demand. */
export function createContext(input: ConsumerInput): PolicyContext {
  const { kind, namespace, object, old, world } = input;
  /** As the controller will: what runs and what nobody wrote is never resolved below it. */
  const resolve = (
    cluster: KubeObject | undefined,
    templates: Templates | undefined,
    before?: RunningShards,
  ): { cluster: MultigresCluster; resolved: ResolvedCluster } | undefined => {
    if (kind !== 'MultigresCluster' || !cluster || !templates) return undefined;
    const placed = { ...cluster, metadata: { namespace, ...cluster.metadata } } as MultigresCluster;
    const running = { ...before, ...runningShards(world.shards ?? []) };
    const result = resolveCluster(placed, templates, { running });
    return result.ok ? { cluster: placed, resolved: result.value } : undefined;
  };
  const stored = once(() => resolve(old, oldTemplatesOf(world)));
  const transition = (): Transition | undefined => {
    const was = object && stored();
    const now = was && resolve(object, world.templates, poolsIn(was.cluster, was.resolved));
    return now && { old: was.cluster, now: now.cluster, before: was.resolved, after: now.resolved };
  };
  return {
    ...input,
    resolved: once(() => resolve(object, world.templates)?.resolved),
    oldResolved: () => stored()?.resolved,
    transition: once(transition),
    consumers: once(() => consumersOf(input, createContext)),
  };
}

function poolsIn(cluster: MultigresCluster, resolved: ResolvedCluster): RunningShards {
  return Object.fromEntries(
    shardViews(cluster, resolved).map(({ database, tablegroup, shard }) => [
      shardKey(database, tablegroup, shard.name),
      { pools: shard.pools },
    ]),
  );
}
