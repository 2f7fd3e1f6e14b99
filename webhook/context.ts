import type { KubeObject } from '../schemas/k8s.ts';
import { resolveCluster } from '../schemas/resolve/cluster.ts';
import type { ResolvedCluster } from '../schemas/resolve/types.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import type { PolicyContext } from './policies/policy.ts';

export type ContextInput = Omit<PolicyContext, 'resolved' | 'oldResolved'>;

/** Completes a context with the resolved clusters, each worked out at most once and on demand. */
export function createContext(input: ContextInput): PolicyContext {
  return {
    ...input,
    resolved: once(() => resolve(input, input.object)),
    oldResolved: once(() => resolve(input, input.old)),
  };
}

function resolve(
  { kind, namespace, world }: ContextInput,
  object: KubeObject | undefined,
): ResolvedCluster | undefined {
  if (kind !== 'MultigresCluster' || !object || !world.templates) return undefined;
  const cluster = { ...object, metadata: { namespace, ...object.metadata } } as MultigresCluster;
  const result = resolveCluster(cluster, world.templates);
  return result.ok ? result.value : undefined;
}

function once<T>(compute: () => T): () => T {
  let result: { value: T } | undefined;
  return () => (result ??= { value: compute() }).value;
}
