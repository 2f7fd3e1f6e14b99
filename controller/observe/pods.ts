/** What pods say about themselves, in words for a status. Pure. */
import type { ContainerStatus, KubeObject, Pod } from '../../schemas/k8s.ts';

/** Container states that do not pass by themselves. */
const CRASHING = new Set(['CrashLoopBackOff', 'OOMKilled', 'ImagePullBackOff']);
const TERMINATED_RESTARTS = 3;

export const containersOf = (pod: Pod): ContainerStatus[] => [
  ...(pod.status?.initContainerStatuses ?? []),
  ...(pod.status?.containerStatuses ?? []),
];

export const isTerminating = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined;

export const isReady = (pod: Pod): boolean =>
  !isTerminating(pod) &&
  (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** A container of a living pod that keeps failing, and why. */
export const crashLoop = (pod: Pod): string | undefined => {
  if (isTerminating(pod)) return undefined;
  for (const { name, state, restartCount } of containersOf(pod)) {
    const waiting = state?.waiting?.reason;
    if (waiting !== undefined && CRASHING.has(waiting)) return `${name} is in ${waiting}`;
    if (state?.terminated && restartCount >= TERMINATED_RESTARTS) {
      return `${name} ended ${restartCount} times, last with code ${state.terminated.exitCode ?? '?'}`;
    }
  }
  return undefined;
};

const waitingText = (pod: Pod): string | undefined => {
  for (const { name, state } of containersOf(pod)) {
    const waiting = state?.waiting;
    if (!waiting?.reason || waiting.reason === 'PodInitializing') continue;
    return waiting.reason === 'ContainerCreating'
      ? 'containers are being created'
      : `${name}: ${waiting.reason}${waiting.message ? ` (${waiting.message.slice(0, 160)})` : ''}`;
  }
  return undefined;
};

/** Why a pod is not ready yet; undefined when it is. */
export const podTrouble = (pod: Pod): string | undefined => {
  if (isReady(pod)) return undefined;
  if (isTerminating(pod)) return 'is terminating';
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    return `cannot be placed: ${(scheduled.message ?? scheduled.reason ?? '').slice(0, 200)}`;
  }
  return crashLoop(pod) ?? waitingText(pod) ?? 'is starting';
};

/** The first few troubles of these pods, `name trouble` each. */
export const troubles = (pods: readonly Pod[], limit = 2): string[] =>
  pods
    .flatMap((pod) => {
      const trouble = podTrouble(pod);
      return trouble === undefined ? [] : [`${pod.metadata.name} ${trouble}`];
    })
    .toSorted()
    .slice(0, limit);

export const podsWith = (
  pods: readonly KubeObject[],
  labels: Readonly<Record<string, string>>,
): Pod[] =>
  pods.filter((pod): pod is Pod =>
    Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );

export const claimsMountedBy = ({ spec }: Pod): string[] =>
  (spec?.volumes ?? []).flatMap((volume) => {
    const { claimName } = (volume['persistentVolumeClaim'] ?? {}) as { claimName?: string };
    return claimName === undefined ? [] : [claimName];
  });
