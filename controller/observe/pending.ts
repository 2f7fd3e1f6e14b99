/** Removing a child that has to drain first: ask by annotation, wait for its answer, delete it. */
import type { Condition, KubeObject } from '../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import { isoSeconds } from '../../schemas/text.ts';
import type { Deps } from '../deps.ts';
import { refOf } from '../../kube/api.ts';
import { deleteObject, nameOf } from '../apply/children.ts';
import { isTrue } from './conditions.ts';
import { isTerminating } from './pods.ts';

/** An object without the annotation is not on its way out. */
export const isPending = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;

/** Sets an annotation of an object, or takes it away: null. */
export const annotate = (
  deps: Pick<Deps, 'kube'>,
  object: KubeObject,
  key: string,
  value: string | null,
): Promise<unknown> =>
  deps.kube.mergePatch(refOf(object), { metadata: { annotations: { [key]: value } } });

/** Asks a child to get ready for its deletion; written once. */
export const requestDrain = async (deps: Deps, child: KubeObject): Promise<void> => {
  if (isPending(child)) return;
  await annotate(deps, child, ANNOTATIONS.pendingDeletion, isoSeconds(deps.clock.now()));
  deps.events.event(child, 'Normal', 'PendingDeletion', 'It is no longer in the spec: draining');
};

/** One step of a removal: asks for a drain, and deletes what is drained. */
export const removeDrained = async (
  deps: Deps,
  owner: KubeObject,
  child: KubeObject,
): Promise<void> => {
  if (isTerminating(child)) return;
  await requestDrain(deps, child);
  const { conditions } = (child.status ?? {}) as { conditions?: Condition[] };
  if (!isTrue(conditions, 'ReadyForDeletion')) return;
  await deleteObject(deps, child);
  deps.events.event(owner, 'Normal', 'Deleted', `${nameOf(child)} is drained and deleted`);
};

/** Takes the request back: the child is in the spec again. */
export const cancelDrain = async (deps: Deps, child: KubeObject): Promise<void> => {
  if (isPending(child)) await annotate(deps, child, ANNOTATIONS.pendingDeletion, null);
};
