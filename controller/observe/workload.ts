import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Failed } from '../apply/children.ts';
import type { Deps } from '../deps.ts';

interface WorkloadStatus {
  conditions?: { type: string; status: string; message?: string }[];
  observedGeneration?: number;
  replicas?: number;
  readyReplicas?: number;
}

export interface Workload {
  /** Pods that the spec asks for. */
  desired: number;
  ready: number;
  /** The workload's own controller has seen its current spec. */
  observed: boolean;
  allReady: boolean;
  /** Why the API server does not take (all of) its pods: quota, limits, Pod Security, a webhook. */
  refused?: string;
}

const wantedOf = ({ spec }: KubeObject): number =>
  (spec as { replicas?: number } | undefined)?.replicas ?? 1;

/**
 * Why pods of a Deployment are refused, in the words of the API server. A StatefulSet says it only in
 * Events: see `refusedMembers`.
 */
const refusalOf = (object: KubeObject): string | undefined => {
  const { conditions = [] } = (object.status ?? {}) as WorkloadStatus;
  const failure = conditions.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  return failure && (failure.message ?? 'no reason given');
};

/** A Deployment or StatefulSet as numbers; all zero while it does not exist. */
export const workloadOf = (object: KubeObject | undefined): Workload => {
  if (!object) return { desired: 0, ready: 0, observed: false, allReady: false };
  const desired = wantedOf(object);
  const status = (object.status ?? {}) as WorkloadStatus;
  const ready = Math.min(status.readyReplicas ?? 0, desired);
  const observed = (status.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
  const refused = refusalOf(object);
  return {
    desired,
    ready,
    observed,
    allReady: observed && ready === desired && desired > 0,
    ...(refused === undefined ? {} : { refused }),
  };
};

/** A refusal of pods as if we had made them ourselves: for the conditions of a status, not to be thrown. */
const refusedBy = (workload: KubeObject, refusal: string): Failed => ({
  child: workload,
  error: new KubeError(`its pods are refused: ${refusal}`, {
    class: 'denied',
    status: 403,
    reason: 'FailedCreate',
  }),
});

/** Refusals of the pods of these Deployments, for `writeStatus`. */
export const refusedPods = (workloads: readonly (KubeObject | undefined)[]): Failed[] =>
  workloads.flatMap((workload) => {
    const refusal = workload && refusalOf(workload);
    return workload && refusal !== undefined ? [refusedBy(workload, refusal)] : [];
  });

/** A StatefulSet makes all its pods at once: one that is missing longer than this is held back by something. */
const PATIENCE_MS = 5000;

interface Told {
  message?: string;
  lastTimestamp?: string;
}

/** Members that are missing although their time has come; an Event is read for these only. */
const isMissing = (set: KubeObject, nowMs: number): boolean => {
  const { replicas = 0 } = (set.status ?? {}) as WorkloadStatus;
  const ageMs = nowMs - Date.parse(set.metadata.creationTimestamp ?? '');
  return replicas < wantedOf(set) && ageMs > PATIENCE_MS;
};

/** `create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: ...` */
const reasonOf = ({ message = '' }: Told): string => message.split(' failed error: ')[1] ?? message;

/**
 * What the API server refused of the members that are missing, for `writeStatus`; nothing while all are there.
 * One read per pass in which a member is missing.
 */
export const refusedMembers = async (
  deps: Pick<Deps, 'kube' | 'clock'>,
  set: KubeObject | undefined,
): Promise<Failed[]> => {
  if (!set || !isMissing(set, deps.clock.now())) return [];
  const { namespace = '', uid = '' } = set.metadata;
  const { items } = await deps.kube.list(KINDS.Event, {
    namespace,
    fieldSelector: `involvedObject.uid=${uid},reason=FailedCreate`,
  });
  const events = items as unknown as Told[];
  const [latest] = events.toSorted((a, b) =>
    (a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? 1 : -1,
  );
  return latest ? [refusedBy(set, reasonOf(latest))] : [];
};
