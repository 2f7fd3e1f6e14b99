// Bootstrap copy of what hack/generate.ts will write from schemas/kinds: the names below are the contract.
import type {
  Affinity,
  Condition,
  KubeObject,
  LocalObjectReference,
  ResourceRequirements,
  Toleration,
} from './k8s.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type PoolType = 'readWrite';
export type Phase = 'Initializing' | 'Progressing' | 'Healthy' | 'Degraded' | 'Unknown';
export type PvcRetention = 'Retain' | 'Delete';
export type PullPolicy = 'Always' | 'Never' | 'IfNotPresent';

export interface Stateless {
  replicas?: number;
  resources?: ResourceRequirements;
  affinity?: Affinity;
  podAnnotations?: Record<string, string>;
  podLabels?: Record<string, string>;
}
export interface Placement {
  tolerations?: Toleration[];
}
export interface GatewayBuffer {
  enabled?: boolean;
  window?: string;
  maxFailoverDuration?: string;
  minTimeBetweenFailovers?: string;
  size?: number;
  drainConcurrency?: number;
}
export interface Gateway extends Stateless {
  buffer?: GatewayBuffer;
}
export interface Storage {
  size?: string;
  class?: string;
  accessModes?: string[];
}
export interface PvcPolicy {
  whenDeleted?: PvcRetention;
  whenScaled?: PvcRetention;
}
export interface ContainerSpec {
  resources?: ResourceRequirements;
  runAsUser?: number;
  runAsGroup?: number;
}
export interface Pool {
  type?: PoolType;
  cells?: string[];
  replicasPerCell?: number;
  storage?: Storage;
  postgres?: ContainerSpec;
  multipooler?: ContainerSpec;
  affinity?: Affinity;
  tolerations?: Toleration[];
  fsGroup?: number;
  pvcDeletionPolicy?: PvcPolicy;
}
export interface Multiorch extends Stateless {
  placement?: Placement;
  cells?: string[];
}
export interface FilesystemBackup {
  path?: string;
  storage?: Storage;
}
export interface S3Backup {
  bucket: string;
  region: string;
  endpoint?: string;
  keyPrefix?: string;
  credentialsSecret?: string;
  serviceAccountName?: string;
  useEnvCredentials?: boolean;
}
export interface Backup {
  type: 'filesystem' | 's3';
  filesystem?: FilesystemBackup;
  s3?: S3Backup;
  pgbackrestTLS?: { secretName?: string };
  encryption?: { secretName: string };
}
export interface Etcd {
  image?: string;
  replicas?: number;
  storage?: Storage;
  resources?: ResourceRequirements;
  rootPath?: string;
  pvcDeletionPolicy?: PvcPolicy;
}
export interface ExternalTopo {
  endpoints: string[];
  implementation?: string;
  caSecret?: string;
  clientCertSecret?: string;
  rootPath?: string;
}
export interface LocalTopo {
  etcd?: Etcd;
  external?: ExternalTopo;
}
export interface GlobalTopo {
  etcd?: Etcd;
  external?: ExternalTopo;
  templateRef?: string;
  pvcDeletionPolicy?: PvcPolicy;
  placement?: Placement;
}
export interface TopoRef {
  address: string;
  rootPath: string;
  implementation: string;
}
export interface PgConfRef {
  name: string;
  key: string;
}
export interface PasswordRef {
  name: string;
  key: string;
}
export interface LogLevels {
  pgctld?: LogLevel;
  multipooler?: LogLevel;
  multiorch?: LogLevel;
  multiadmin?: LogLevel;
  multigateway?: LogLevel;
}
export interface Observability {
  otlpEndpoint?: string;
  otlpMetricsEndpoint?: string;
  otlpProtocol?: 'http/protobuf' | 'grpc';
  tracesExporter?: 'otlp' | 'none' | 'console';
  metricsExporter?: 'otlp' | 'none' | 'console';
  logsExporter?: 'otlp' | 'none' | 'console';
  metricExportInterval?: string;
  metricsTemporality?: 'cumulative' | 'delta';
  histogramAggregation?: 'base2_exponential_bucket_histogram' | 'explicit_bucket_histogram';
  tracesSampler?: string;
  samplingConfigRef?: { name: string; key?: string };
}
export interface InternalTls {
  enabled?: boolean;
}
export interface Pruning {
  enabled?: boolean;
}
export interface External {
  enabled: boolean;
  externalIPs?: string[];
  annotations?: Record<string, string>;
}
export interface ComponentImages {
  multigateway?: string;
  multiorch?: string;
  multipooler?: string;
  multiadmin?: string;
  multiadminWeb?: string;
  postgres?: string;
}
export interface ImagePull {
  imagePullPolicy?: PullPolicy;
  imagePullSecrets?: LocalObjectReference[];
}

export interface CellConfig {
  name: string;
  zoneId?: string;
  region?: string;
  cellTemplate?: string;
  overrides?: { multigateway?: Gateway; multigatewayPlacement?: Placement };
  spec?: { multigateway?: Gateway; multigatewayPlacement?: Placement; localTopoServer?: LocalTopo };
}
export interface ShardOverrides {
  multiorch?: Multiorch;
  initdbArgs?: string;
  postgresConfigRef?: PgConfRef;
  postgresConfig?: Record<string, string>;
  pools?: Record<string, Pool>;
}
export interface ShardInlineSpec extends ShardOverrides {
  pvcDeletionPolicy?: PvcPolicy;
}
export interface ShardConfig {
  name: string;
  shardTemplate?: string;
  overrides?: ShardOverrides;
  spec?: ShardInlineSpec;
  backup?: Backup;
}
export interface TableGroupConfig {
  name: string;
  default?: boolean;
  backup?: Backup;
  pvcDeletionPolicy?: PvcPolicy;
  shards?: ShardConfig[];
}
export interface DatabaseConfig {
  name: string;
  default?: boolean;
  backup?: Backup;
  durabilityPolicy?: string;
  tablegroups?: TableGroupConfig[];
}
export interface MultigresClusterSpec {
  images?: ImagePull & ComponentImages;
  imageUpdatePolicy?: { strategy?: 'immediate' | 'lazy'; acknowledgedRevision?: string };
  logLevels?: LogLevels;
  templateDefaults?: { coreTemplate?: string; cellTemplate?: string; shardTemplate?: string };
  globalTopoServer?: GlobalTopo;
  multiadmin?: { spec?: Stateless; templateRef?: string; placement?: Placement };
  multiadminWeb?: { spec?: Stateless; templateRef?: string };
  cells?: CellConfig[];
  databases?: DatabaseConfig[];
  pvcDeletionPolicy?: PvcPolicy;
  observability?: Observability;
  backup?: Backup;
  externalGateway?: External;
  externalAdminWeb?: External;
  topologyPruning?: Pruning;
  durabilityPolicy?: string;
  postgresSuperuser?: string;
  postgresPasswordSecretRef: PasswordRef;
  internalTLS?: InternalTls;
  certCommonName?: string;
}
export interface MultigresClusterStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  phase?: Phase;
  message?: string;
  cells?: Record<string, { ready: boolean; gatewayReplicas: number }>;
  databases?: Record<string, { readyShards: number; totalShards: number }>;
  gateway?: { externalEndpoint: string };
  adminWeb?: { externalEndpoint: string };
  resolvedTemplates?: { coreTemplates?: string[]; cellTemplates?: string[]; shardTemplates?: string[] };
  images?: {
    updateStrategy?: string;
    effective: ComponentImages;
    source: 'explicit' | 'defaults' | 'mixed';
    applied?: ComponentImages;
    appliedRevision?: string;
    available?: ComponentImages;
    availableRevision?: string;
  };
}
export type MultigresCluster = KubeObject<MultigresClusterSpec, MultigresClusterStatus>;

export interface CoreTemplateSpec {
  globalTopoServer?: TopoServerSpec;
  multiadmin?: Stateless;
  multiadminPlacement?: Placement;
  multiadminWeb?: Stateless;
}
export type CoreTemplate = KubeObject<CoreTemplateSpec>;
export interface CellTemplateSpec {
  multigateway?: Gateway;
  multigatewayPlacement?: Placement;
  localTopoServer?: LocalTopo;
}
export type CellTemplate = KubeObject<CellTemplateSpec>;
export type ShardTemplateSpec = ShardInlineSpec;
export type ShardTemplate = KubeObject<ShardTemplateSpec>;

export interface TopoServerSpec {
  etcd?: Etcd;
  pvcDeletionPolicy?: PvcPolicy;
  placement?: Placement;
}
export interface TopoServerStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  phase?: Phase;
  message?: string;
  clientService?: string;
  peerService?: string;
}
export type TopoServer = KubeObject<TopoServerSpec, TopoServerStatus>;

export interface CellSpec {
  name: string;
  zoneId?: string;
  region?: string;
  images: ImagePull & { multigateway: string };
  multigateway: Gateway;
  multigatewayPlacement?: Placement;
  globalTopoServer: TopoRef;
  topoServer?: LocalTopo;
  allCells?: string[];
  topologyReconciliation?: { registerCell: boolean; prunePoolers: boolean };
  observability?: Observability;
  logLevels?: LogLevels;
  internalTLS?: InternalTls;
  certCommonName?: string;
}
export interface CellStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  phase?: Phase;
  message?: string;
  gatewayReplicas: number;
  gatewayReadyReplicas: number;
  gatewayServiceName?: string;
}
export type Cell = KubeObject<CellSpec, CellStatus>;

export type ShardImages = ImagePull & { multiorch: string; multipooler: string; postgres: string };
export interface TableGroupShard {
  name: string;
  multiorch: Multiorch;
  pools: Record<string, Pool>;
  initdbArgs?: string;
  postgresConfigRef?: PgConfRef;
  postgresConfig?: Record<string, string>;
  pvcDeletionPolicy?: PvcPolicy;
  backup?: Backup;
}
export interface TableGroupSpec {
  databaseName: string;
  tableGroupName: string;
  default?: boolean;
  images: ShardImages;
  globalTopoServer: TopoRef;
  shards: TableGroupShard[];
  pvcDeletionPolicy?: PvcPolicy;
  internalTLS?: InternalTls;
  observability?: Observability;
  logLevels?: LogLevels;
  backup?: Backup;
  topologyPruning?: Pruning;
  cellTopologyLabels?: Record<string, Record<string, string>>;
  durabilityPolicy?: string;
  postgresSuperuser?: string;
  postgresPasswordSecretRef: PasswordRef;
}
export interface TableGroupStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  phase?: Phase;
  message?: string;
  readyShards: number;
  totalShards: number;
}
export type TableGroup = KubeObject<TableGroupSpec, TableGroupStatus>;

export interface ShardSpec {
  databaseName: string;
  tableGroupName: string;
  shardName: string;
  images: ShardImages;
  globalTopoServer: TopoRef;
  multiorch: Multiorch;
  pools: Record<string, Pool>;
  postgresPasswordSecretRef: PasswordRef;
  initdbArgs?: string;
  postgresConfigRef?: PgConfRef;
  postgresConfig?: Record<string, string>;
  pvcDeletionPolicy?: PvcPolicy;
  internalTLS?: InternalTls;
  observability?: Observability;
  logLevels?: LogLevels;
  backup?: Backup;
  topologyPruning?: Pruning;
  durabilityPolicy?: string;
  postgresSuperuser?: string;
  cellTopologyLabels?: Record<string, Record<string, string>>;
  replicas?: number;
}
export interface ShardStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  phase?: Phase;
  message?: string;
  cells?: string[];
  orchReady: boolean;
  poolsReady: boolean;
  lastBackupTime?: string;
  lastBackupType?: 'full' | 'diff' | 'incr';
  podRoles?: Record<string, string>;
  readyReplicas?: number;
  postgresConfig?: { inProgress?: boolean; lastAppliedAt?: string; error?: string };
}
export type Shard = KubeObject<ShardSpec, ShardStatus>;
