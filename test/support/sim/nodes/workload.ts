/** What runs in a pod, as its kubelet sees it. */
import type { Pod } from '../../../../schemas/k8s.ts';

export interface Workload {
  /** What its readiness probe would find now. */
  ready(): boolean;
  /** SIGTERM; `ended` is called once the process is over by itself. */
  terminate(ended: () => void): void;
  /** SIGKILL, or the end of the machine. */
  kill(): void;
}

export interface WorkloadHooks {
  /** Its readiness may have changed. */
  changed(): void;
  /** It ended without being told to. */
  exited(code: number): void;
}

/** Starts what a pod is for on a node. */
export type StartWorkload = (pod: Pod, node: string, hooks: WorkloadHooks) => Workload;

type ContainerState =
  | { waiting: { reason: string } }
  | { running: { startedAt: string } }
  | { terminated: { exitCode: number } };

export interface PodReport {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  ready: boolean;
  state: ContainerState;
  restarts: number;
  reason?: string;
}

/** The status that a kubelet writes: all containers of a pod are in the same state here. */
export function podStatus(pod: Pod, report: PodReport): NonNullable<Pod['status']> {
  const { phase, ready, state, restarts, reason } = report;
  const of = (containers: NonNullable<Pod['spec']>['containers'] | undefined) =>
    (containers ?? []).map(({ name }) => ({ name, ready, restartCount: restarts, state }));
  const init = of(pod.spec?.initContainers);
  return {
    phase,
    ...(reason === undefined ? {} : { reason }),
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: ready ? 'True' : 'False' },
    ],
    containerStatuses: of(pod.spec?.containers),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
  };
}

/** Names of what a pod mounts. */
export function mountsOf(pod: Pod): { claims: string[]; secrets: string[]; configMaps: string[] } {
  const found = { claims: [] as string[], secrets: [] as string[], configMaps: [] as string[] };
  for (const volume of pod.spec?.volumes ?? []) {
    const { persistentVolumeClaim, secret, configMap, projected } = volume as VolumeSource;
    if (persistentVolumeClaim) found.claims.push(persistentVolumeClaim.claimName);
    if (secret) found.secrets.push(secret.secretName);
    if (configMap) found.configMaps.push(configMap.name);
    for (const source of projected?.sources ?? []) {
      if (source.secret) found.secrets.push(source.secret.name);
    }
  }
  return found;
}

interface VolumeSource {
  persistentVolumeClaim?: { claimName: string };
  secret?: { secretName: string };
  configMap?: { name: string };
  projected?: { sources?: { secret?: { name: string } }[] };
}
