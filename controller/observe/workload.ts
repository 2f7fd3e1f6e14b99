import type { KubeObject } from '../../schemas/k8s.ts';

interface WorkloadStatus {
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
}

/** A Deployment or StatefulSet as numbers; all zero while it does not exist. */
export const workloadOf = (object: KubeObject | undefined): Workload => {
  if (!object) return { desired: 0, ready: 0, observed: false, allReady: false };
  const desired = (object.spec as { replicas?: number } | undefined)?.replicas ?? 1;
  const status = (object.status ?? {}) as WorkloadStatus;
  const ready = Math.min(status.readyReplicas ?? 0, desired);
  const observed = (status.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
  return { desired, ready, observed, allReady: observed && ready === desired && desired > 0 };
};
