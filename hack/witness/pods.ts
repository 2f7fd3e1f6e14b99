/** The pods of a cluster as they change, each change dated when it is heard. */
import type { KubeApi } from '../../kube/api.ts';
import { KINDS, type Pod } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { follow, type Follower } from './watch.ts';

export interface PodMoment {
  at: number;
  pod: string;
  uid: string;
  /** Its pod object is gone. */
  gone: boolean;
  /** Its deletion was asked for. */
  deleting: boolean;
  ready: boolean;
  phase: string;
  /** Restarts of all its containers together. */
  restarts: number;
  node?: string;
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false;

export function momentOf(pod: Pod, gone: boolean, at: number): PodMoment {
  const { status, metadata } = pod;
  const containers = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
  ];
  return {
    at,
    pod: metadata.name,
    uid: metadata.uid ?? '',
    gone,
    deleting: metadata.deletionTimestamp !== undefined,
    ready: isReady(pod),
    phase: status?.phase ?? 'Pending',
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...(pod.spec?.nodeName === undefined ? {} : { node: pod.spec.nodeName }),
  };
}

export interface PodWitness extends Pick<Follower, 'stop'> {
  moments(): readonly PodMoment[];
}

/** Follows the pool pods of a cluster, or the pods of another component of it. */
export async function witnessPods(
  api: KubeApi,
  namespace: string,
  cluster: string,
  component: string = COMPONENTS.pool,
): Promise<PodWitness> {
  const moments: PodMoment[] = [];
  const labelSelector = `${LABELS.cluster}=${cluster},${LABELS.component}=${component}`;
  const follower = await follow(api, KINDS.Pod, { namespace, labelSelector }, (change, at) => {
    moments.push(momentOf(change.object as Pod, change.type === 'deleted', at));
  });
  return { stop: () => follower.stop(), moments: () => moments };
}
