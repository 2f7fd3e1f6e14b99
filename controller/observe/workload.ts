import type { KubeObject } from '../../schemas/k8s.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Failed } from '../apply/children.ts';

interface WorkloadStatus {
  conditions?: { type: string; status: string; message?: string }[];
  observedGeneration?: number;
  replicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
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
  const desired = (object.spec as { replicas?: number } | undefined)?.replicas ?? 1;
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
export const refusedBy = (workload: KubeObject, refusal: string): Failed => ({
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
