/** The one spelling of where a pooler, a pod and a shard are in their lives. Pure. */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { containersOf, isTerminating } from '../../observe/pods.ts';
import type { Multipooler } from '../../topo/types.ts';

export const isShutdown = (record: Multipooler | undefined): boolean =>
  record?.lifecycle_status?.status === 'LIFECYCLE_SHUTDOWN';

export const isQuarantined = (record: Multipooler | undefined): boolean =>
  record?.lifecycle_status?.status === 'LIFECYCLE_QUARANTINED';

/** `requested`: its parent asked it to drain, since it is no longer in the specification. */
export const removalOf = (object: KubeObject): 'requested' | 'deleting' | undefined => {
  if (isTerminating(object)) return 'deleting';
  const asked = object.metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;
  return asked ? 'requested' : undefined;
};

/** A pod that came to its end and does not start again by itself. */
export const hasEnded = (pod: Pod): boolean =>
  pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';

/** The kubelet says that every container of the pod has ended: no process of it runs. */
export const allContainersEnded = (pod: Pod): boolean => {
  const containers = containersOf(pod);
  return containers.length > 0 && containers.every(({ state }) => state?.terminated !== undefined);
};

/** The kubelet says, or the scheduler, that no container of the pod runs now. */
export const runsNothing = (pod: Pod): boolean =>
  hasEnded(pod) ||
  pod.spec?.nodeName === undefined ||
  (pod.status?.phase === 'Pending' && containersOf(pod).length === 0) ||
  (containersOf(pod).length > 0 &&
    containersOf(pod).every(({ state }) => state?.running === undefined));

/** Milliseconds since the pod should have ended; negative while its grace period runs. */
export const overdueMs = (pod: Pod, nowMs: number): number =>
  isTerminating(pod) ? nowMs - Date.parse(pod.metadata.deletionTimestamp ?? '') : -Infinity;

/** A node that was deleted by mistake has registered again by then. */
const GONE_MS = 300_000;

/** The pod waits for a node for so long that the one which could run it will not come back. */
export const isUnplaced = (pod: Pod, nowMs: number): boolean => {
  const placed = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const waits = placed?.status === 'False' && !pod.spec?.nodeName && !isTerminating(pod);
  return waits && nowMs - Date.parse(pod.metadata.creationTimestamp ?? '') >= GONE_MS;
};
