/** Removing a child that has to drain first: ask by annotation, wait for its answer, delete it. */
import type { KubeObject } from '../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import type { Deps } from '../deps.ts';
import { refOf } from '../../kube/api.ts';
import { deleteObject, nameOf } from '../apply/children.ts';
import { isTrue } from './conditions.ts';
import { isTerminating } from './pods.ts';

interface WithConditions {
  conditions?: Parameters<typeof isTrue>[0];
}

/** Asks a child to get ready for its deletion; written once. */
export const requestDrain = async (deps: Deps, child: KubeObject): Promise<void> => {
  if (child.metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined) return;
  const at = new Date(deps.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  await deps.kube.mergePatch(refOf(child), {
    metadata: { annotations: { [ANNOTATIONS.pendingDeletion]: at } },
  });
  deps.events.event(child, 'Normal', 'PendingDeletion', 'It is no longer in the spec: draining');
};

/** One step of a removal. True when the child is gone or on its way. */
export const removeDrained = async (
  deps: Deps,
  owner: KubeObject,
  child: KubeObject,
): Promise<boolean> => {
  if (isTerminating(child)) return true;
  await requestDrain(deps, child);
  const { conditions } = (child.status ?? {}) as WithConditions;
  if (!isTrue(conditions, 'ReadyForDeletion')) return false;
  await deleteObject(deps, child);
  deps.events.event(owner, 'Normal', 'Deleted', `${nameOf(child)} is drained and deleted`);
  return true;
};

/** Takes the request back: the child is in the spec again. */
export const cancelDrain = async (deps: Deps, child: KubeObject): Promise<void> => {
  if (child.metadata.annotations?.[ANNOTATIONS.pendingDeletion] === undefined) return;
  await deps.kube.mergePatch(refOf(child), {
    metadata: { annotations: { [ANNOTATIONS.pendingDeletion]: null } },
  });
};
