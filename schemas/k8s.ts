/**
 * The little of Kubernetes' own API that we name in types. Objects travel as raw JSON; nothing here
 * is a model class. Fields that we only pass through are `unknown`.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** Any Kubernetes object. `data`, `stringData`, `type` and `rules` are of kinds that have no spec. */
export interface KubeObject<Spec = unknown, Status = unknown> {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: Spec;
  status?: Status;
  data?: Record<string, string>;
  type?: string;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** Quantities arrive as strings or integers. */
export type Quantity = string | number;

export interface ResourceRequirements {
  limits?: Record<string, Quantity>;
  requests?: Record<string, Quantity>;
  claims?: { name: string; request?: string }[];
}

export type Affinity = Record<string, unknown>;

export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

export interface LocalObjectReference {
  name?: string;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: unknown;
}

export interface Probe {
  httpGet: { path: string; port: number | string };
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
}

export interface Container {
  name: string;
  image: string;
  imagePullPolicy?: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
  ports?: { name: string; containerPort: number; protocol?: string }[];
  resources?: ResourceRequirements;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  restartPolicy?: 'Always';
  securityContext?: Record<string, unknown>;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: ({ name: string } & Record<string, unknown>)[];
  hostname?: string;
  subdomain?: string;
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: Affinity;
  tolerations?: Toleration[];
  securityContext?: Record<string, unknown>;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  imagePullSecrets?: LocalObjectReference[];
  terminationGracePeriodSeconds?: number;
  restartPolicy?: string;
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: { reason?: string; exitCode?: number };
  };
}

export interface PodStatus {
  phase?: string;
  podIP?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
}

export type Pod = KubeObject<PodSpec, PodStatus>;

/** What an API path needs to know about a kind. */
export interface KindRef {
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
}

/** Identity of one object. */
export interface ObjectRef {
  kind: KindRef;
  namespace?: string;
  name: string;
}

/** Kubernetes' own way to a plural, which ours follow too. */
const kind = (group: string, version: string, name: string, namespaced = true) => ({
  group,
  version,
  kind: name,
  plural: name.toLowerCase() + (name.endsWith('Class') ? 'es' : 's'),
  namespaced,
});

const ADMISSION = 'admissionregistration.k8s.io';

/** Every kind that we read or write: the one list for API paths, informers and RBAC. */
export const KINDS = {
  MultigresCluster: kind('multigres.com', 'v1alpha1', 'MultigresCluster'),
  CoreTemplate: kind('multigres.com', 'v1alpha1', 'CoreTemplate'),
  CellTemplate: kind('multigres.com', 'v1alpha1', 'CellTemplate'),
  ShardTemplate: kind('multigres.com', 'v1alpha1', 'ShardTemplate'),
  Cell: kind('multigres.com', 'v1alpha1', 'Cell'),
  TableGroup: kind('multigres.com', 'v1alpha1', 'TableGroup'),
  Shard: kind('multigres.com', 'v1alpha1', 'Shard'),
  TopoServer: kind('multigres.com', 'v1alpha1', 'TopoServer'),
  Pod: kind('', 'v1', 'Pod'),
  Service: kind('', 'v1', 'Service'),
  ConfigMap: kind('', 'v1', 'ConfigMap'),
  Secret: kind('', 'v1', 'Secret'),
  PersistentVolumeClaim: kind('', 'v1', 'PersistentVolumeClaim'),
  PersistentVolume: kind('', 'v1', 'PersistentVolume', false),
  Node: kind('', 'v1', 'Node', false),
  Namespace: kind('', 'v1', 'Namespace', false),
  Event: kind('', 'v1', 'Event'),
  Deployment: kind('apps', 'v1', 'Deployment'),
  StatefulSet: kind('apps', 'v1', 'StatefulSet'),
  PodDisruptionBudget: kind('policy', 'v1', 'PodDisruptionBudget'),
  StorageClass: kind('storage.k8s.io', 'v1', 'StorageClass', false),
  Lease: kind('coordination.k8s.io', 'v1', 'Lease'),
  Certificate: kind('cert-manager.io', 'v1', 'Certificate'),
  MutatingWebhookConfiguration: kind(ADMISSION, 'v1', 'MutatingWebhookConfiguration', false),
  ValidatingWebhookConfiguration: kind(ADMISSION, 'v1', 'ValidatingWebhookConfiguration', false),
} as const satisfies Record<string, KindRef>;

export type KindName = keyof typeof KINDS;

/** Kinds of children that hold no state: one that is not wanted any more is deleted. */
export const PRUNED = [
  'Service',
  'ConfigMap',
  'Deployment',
  'PodDisruptionBudget',
] as const satisfies readonly KindName[];
