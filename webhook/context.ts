import type { KubeObject } from '../schemas/k8s.ts';
import { resolveCluster } from '../schemas/resolve/cluster.ts';
import { runningShards } from '../schemas/resolve/running.ts';
import type { ResolvedCluster, Templates } from '../schemas/resolve/types.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import { consumersOf, type ConsumerInput } from './policies/consumers.ts';
import { once } from './policies/once.ts';
import type { PolicyContext } from './policies/policy.ts';
import { transitionOf } from './policies/transition.ts';
import { oldTemplatesOf } from './policies/world.ts';

type ContextInput = ConsumerInput;

/** Completes a context with the resolved clusters, each worked out at most once and on demand. */
export function createContext(input: ContextInput): PolicyContext {
  return {
    ...input,
    resolved: once(() => resolve(input, input.object, input.world.templates)),
    oldResolved: once(() => resolve(input, input.old, oldTemplatesOf(input.world))),
    transition: once(() => transitionOf(input)),
    consumers: once(() => consumersOf(input, createContext)),
  };
}

function resolve(
  { kind, namespace, world }: ContextInput,
  object: KubeObject | undefined,
  templates: Templates | undefined,
): ResolvedCluster | undefined {
  if (kind !== 'MultigresCluster' || !object || !templates) return undefined;
  const cluster = { ...object, metadata: { namespace, ...object.metadata } } as MultigresCluster;
  // As the controller will: what runs and what nobody wrote is never resolved below it.
  const running = world.shards ? { running: runningShards(world.shards) } : {};
  const result = resolveCluster(cluster, templates, running);
  return result.ok ? result.value : undefined;
}
