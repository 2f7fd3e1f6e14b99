/** Children that are no pods: applied together, what pods mount and resolve before the rest. */
import type { KubeObject } from '../../../schemas/k8s.ts';
import type { Failed } from '../../apply/children.ts';
import { applyChildren, observedOf } from '../../apply/children.ts';
import { requestedStorage } from '../../apply/claims.ts';
import { tellGrowth } from '../../apply/volumes.ts';
import type { Execution } from './context.ts';

/** Kinds without which the kubelet retries a pod's volumes or names with growing pauses. */
const FIRST = new Set(['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'Service']);

/** Applies those that pods need; returns what failed, and how the others are applied. */
export const applyObjects = async (
  { deps, state: { shard } }: Execution,
  objects: readonly KubeObject[],
): Promise<{ failed: Failed[]; rest: () => Promise<Failed[]> }> => {
  const first = objects.filter(({ kind }) => FIRST.has(kind));
  const second = objects.filter(({ kind }) => !FIRST.has(kind));
  const claims = first.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  const sizes = new Map(
    claims.map((claim) => [claim.metadata.name, requestedStorage(observedOf(deps, claim))]),
  );
  const { applied, failed } = await applyChildren(deps, shard, first);
  for (const { object, changed } of applied) {
    if (changed && object.kind === 'PersistentVolumeClaim') {
      tellGrowth(deps, shard, object, sizes.get(object.metadata.name));
    }
  }
  return { failed, rest: async () => (await applyChildren(deps, shard, second)).failed };
};
