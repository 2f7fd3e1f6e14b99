// Made by hack/generate.ts from schemas/kinds. Do not edit.
/* oxlint-disable max-lines */
import type {
  Affinity,
  Condition,
  KubeObject,
  LocalObjectReference,
  ResourceRequirements,
  Toleration,
} from './k8s.ts';

export type PullPolicy = 'Always' | 'Never' | 'IfNotPresent';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type PvcRetention = 'Retain' | 'Delete';
export type PoolType = 'readWrite';
export type Phase = 'Initializing' | 'Progressing' | 'Healthy' | 'Degraded' | 'Unknown';
/** How images are pulled. */
export interface ImagePull {
  /** When to pull. Default: IfNotPresent. */
  imagePullPolicy?: PullPolicy;
  /** Secrets for private image registries. */
  imagePullSecrets?: LocalObjectReference[];
}

/** One image for each component. */
export interface ComponentImages {
  /** Image of multigateway. */
  multigateway?: string;
  /** Image of multiorch. */
  multiorch?: string;
  /** Image of multipooler. */
  multipooler?: string;
  /** Image of multiadmin. */
  multiadmin?: string;
  /** Image of multiadmin-web. */
  multiadminWeb?: string;
  /** Image of Postgres with pgctld. */
  postgres?: string;
}

/** How much each component logs. Default: info. */
export interface LogLevels {
  /** Level of pgctld. */
  pgctld?: LogLevel;
  /** Level of multipooler. */
  multipooler?: LogLevel;
  /** Level of multiorch. */
  multiorch?: LogLevel;
  /** Level of multiadmin. */
  multiadmin?: LogLevel;
  /** Level of multigateway. */
  multigateway?: LogLevel;
}

/** A persistent volume. */
export interface Storage {
  /** Size of the volume as a Kubernetes quantity, for example 10Gi. It can grow, never shrink. */
  size?: string;
  /** StorageClass of the volume. Absent: the cluster's default StorageClass. */
  class?: string;
  /** Access modes of the volume. Empty: ReadWriteOnce. */
  accessModes?: string[];
}

/** What happens to PersistentVolumeClaims, and the data on them, when their owner goes. */
export interface PvcPolicy {
  /** When the owning object is deleted: keep the volumes or delete them. */
  whenDeleted?: PvcRetention;
  /** When the number of replicas shrinks: keep the volumes of removed pods or delete them. */
  whenScaled?: PvcRetention;
}

/** An etcd that the operator runs. */
export interface Etcd {
  /** Image of etcd. Absent: the operator's default. */
  image?: string;
  /** Members of etcd: an odd number. Fixed once etcd runs. */
  replicas?: number;
  /** Data volume of each member. */
  storage?: Storage;
  /** CPU and memory of each member. */
  resources?: ResourceRequirements;
  /** Prefix of all keys. Default: /multigres/global or /multigres/<cell>. */
  rootPath?: string;
  /** What happens to the data volumes. */
  pvcDeletionPolicy?: PvcPolicy;
}

/** A topology server that others run. */
export interface ExternalTopo {
  /** Addresses, each with http:// or https://. */
  endpoints: string[];
  /** Protocol of the server. Default: etcd. */
  implementation?: string;
  /** Secret with the CA certificate of the server, key ca.crt. */
  caSecret?: string;
  /** Secret with the client certificate to show, keys tls.crt and tls.key. */
  clientCertSecret?: string;
  /** Prefix of all keys. */
  rootPath?: string;
}

/** Where pods may run. */
export interface Placement {
  /** Taints that the pods tolerate. */
  tolerations?: Toleration[];
}

/** The topology server of the whole cluster. */
export interface GlobalTopo {
  /** An etcd that the operator runs. */
  etcd?: Etcd;
  /** A topology server that others run. */
  external?: ExternalTopo;
  /** CoreTemplate to take the topology server from. */
  templateRef?: string;
  /** What happens to the data volumes of managed etcd. */
  pvcDeletionPolicy?: PvcPolicy;
  /** Where the pods of managed etcd may run. */
  placement?: Placement;
}

/** Pods of a component that keeps no data. */
export interface Stateless {
  /** Number of pods; for multigateway and multiorch the number per cell. */
  replicas?: number;
  /** CPU and memory of the container. */
  resources?: ResourceRequirements;
  /** Scheduling affinity of the pods. */
  affinity?: Affinity;
  /** Additional annotations of the pods. */
  podAnnotations?: Record<string, string>;
  /** Additional labels of the pods. The operator's own labels win. */
  podLabels?: Record<string, string>;
}

/** Holding of queries at the gateway while a shard has no primary. */
export interface GatewayBuffer {
  /** Hold queries during a failover instead of failing them. Default: true. */
  enabled?: boolean;
  /** Longest time that one query is held. Default: 30s, or maxFailoverDuration where that is shorter. */
  window?: string;
  /** A failover longer than this ends the holding. Default: 45s, or window where that is longer. */
  maxFailoverDuration?: string;
  /** A failover that follows the last one sooner than this is not held. Default: 0s. */
  minTimeBetweenFailovers?: string;
  /** Most queries held at a time. Default: 10000. */
  size?: number;
  /** Held queries released at a time once a primary is back. Default: 20. */
  drainConcurrency?: number;
}

/** The multigateway pods of a cell. */
export interface Gateway extends Stateless {
  /** Holding of queries while a shard has no primary. */
  buffer?: GatewayBuffer;
}

/** The topology server of one cell: managed etcd or an external one. */
export interface LocalTopo {
  /** An etcd that the operator runs. */
  etcd?: Etcd;
  /** A topology server that others run. */
  external?: ExternalTopo;
}

/** One cell: a zone or region with gateways and poolers of its own. */
export interface CellConfig {
  /** Name of the cell. */
  name: string;
  /** Zone of the cell: pods run on Nodes labelled with this zone. */
  zoneId?: string;
  /** Region of the cell: pods run on Nodes with this value of topology.kubernetes.io/region. */
  region?: string;
  /** CellTemplate to take settings from. */
  cellTemplate?: string;
  /** Settings that win over those of the template. */
  overrides?: { multigateway?: Gateway; multigatewayPlacement?: Placement };
  /** Settings written out here instead of taken from a template. */
  spec?: { multigateway?: Gateway; multigatewayPlacement?: Placement; localTopoServer?: LocalTopo };
}

/** Backups on a volume. */
export interface FilesystemBackup {
  /** Folder of the backups, as the pods see it. Default: /backups. */
  path?: string;
  /** The volume. Pods on several nodes need an access mode of many writers. */
  storage?: Storage;
}

/** Backups in a bucket that speaks the S3 protocol. */
export interface S3Backup {
  /** Name of the bucket. */
  bucket: string;
  /** Region of the bucket. */
  region: string;
  /** Address of the store, if it is not that of the region. */
  endpoint?: string;
  /** Beginning of all keys in the bucket. */
  keyPrefix?: string;
  /** Secret with the access key. */
  credentialsSecret?: string;
  /** ServiceAccount whose identity may use the bucket, instead of an access key. */
  serviceAccountName?: string;
  /** Take the access key from the pods' environment. */
  useEnvCredentials?: boolean;
}

/** Where backups go. Only the block that `type` names counts. */
export interface Backup {
  /** Kind of store. */
  type: 'filesystem' | 's3';
  /** Settings for type filesystem. */
  filesystem?: FilesystemBackup;
  /** Settings for type s3. */
  s3?: S3Backup;
  /** Certificates with which the pods of a shard reach each other for backups. */
  pgbackrestTLS?: { secretName?: string };
  /** Encryption of the backups. It can only be chosen when the backup block is new. */
  encryption?: { secretName: string };
}

/** When multiorch replaces a primary that is gone. Shorter means a shorter pause of writes. */
export interface FailoverTimers {
  /** Wait between noticing that a primary is gone and electing another. Default: 0s. */
  gracePeriod?: string;
  /** Divided into turns, one for the multiorch of each cell, so that two do not start an election at once: both would then pause for 4s. Default: 4s. */
  gracePeriodJitter?: string;
  /** How often each pooler is asked for its state. Default: 500ms. */
  healthCheckInterval?: string;
  /** How often the shard is looked at for something to mend. Default: 500ms. */
  recoveryInterval?: string;
}

/** The multiorch pods of a shard, which watch its poolers and appoint a primary. */
export interface Multiorch extends Stateless {
  /** Where the pods may run. */
  placement?: Placement;
  /** Cells with multiorch pods. Empty: every cell of the cluster. */
  cells?: string[];
  /** When a primary that is gone is replaced. */
  failover?: FailoverTimers;
}

/** Deprecated, use postgresConfig. A key of a ConfigMap with lines for postgresql.conf. */
export interface PgConfRef {
  /** Name of the ConfigMap. */
  name: string;
  /** Key in the ConfigMap. */
  key: string;
}

/** One container of a pool pod. */
export interface ContainerSpec {
  /** CPU and memory of the container. */
  resources?: ResourceRequirements;
  /** User id of the process. Root (0) is not possible. */
  runAsUser?: number;
  /** Group id of the process. */
  runAsGroup?: number;
}

/** A group of equal Postgres pods. */
export interface Pool {
  /** What the pool serves. */
  type?: PoolType;
  /** Cells with pods of the pool. Absent: every cell of the cluster. Cells can be added, not removed. */
  cells?: string[];
  /** Postgres pods in each cell. Absent: 2 if the pool is in one cell, else 1. */
  replicasPerCell?: number;
  /** Data volume of each pod. */
  storage?: Storage;
  /** The Postgres container. */
  postgres?: ContainerSpec;
  /** The multipooler container. */
  multipooler?: ContainerSpec;
  /** Scheduling affinity of the pods. */
  affinity?: Affinity;
  /** Taints that the pods tolerate. */
  tolerations?: Toleration[];
  /** Group id that owns the files on the data volume. */
  fsGroup?: number;
  /** What happens to data volumes when pods go. */
  pvcDeletionPolicy?: PvcPolicy;
}

/** Settings that win over a template. */
export interface ShardOverrides {
  /** The multiorch pods. */
  multiorch?: Multiorch;
  /** Arguments of initdb. They only matter for new data. */
  initdbArgs?: string;
  /** Deprecated, use postgresConfig. */
  postgresConfigRef?: PgConfRef;
  /** Settings of postgresql.conf, by name. */
  postgresConfig?: Record<string, string>;
  /** Pools by name. Pools can be added, not removed. */
  pools?: Record<string, Pool>;
}

/** A shard written out. */
export interface ShardInlineSpec extends ShardOverrides {
  /** What happens to data volumes when pods go. */
  pvcDeletionPolicy?: PvcPolicy;
}

/** One shard of a table group. */
export interface ShardConfig {
  /** Name of the shard: 0-inf. */
  name: string;
  /** ShardTemplate to take settings from. */
  shardTemplate?: string;
  /** Settings that win over those of the template. */
  overrides?: ShardOverrides;
  /** Settings written out here instead of taken from a template. */
  spec?: ShardInlineSpec;
  /** Where backups of this shard go. Absent: as the table group. */
  backup?: Backup;
}

/** A group of tables that are sharded alike. */
export interface TableGroupConfig {
  /** Name of the table group. */
  name: string;
  /** The group of all tables that belong to no other one. */
  default?: boolean;
  /** Where its backups go. Absent: as the database. */
  backup?: Backup;
  /** What happens to data volumes when pods go. */
  pvcDeletionPolicy?: PvcPolicy;
  /** Its shards. Absent: one named 0-inf. */
  shards?: ShardConfig[];
}

/** One database. */
export interface DatabaseConfig {
  /** Name of the database: postgres. */
  name: string;
  /** The database that exists from the start: true. */
  default?: boolean;
  /** Where its backups go. Absent: as the cluster. */
  backup?: Backup;
  /** Which poolers must confirm a write. Absent: the cluster's. */
  durabilityPolicy?: string;
  /** Its table groups. Absent: one named default. */
  tablegroups?: TableGroupConfig[];
}

/** OpenTelemetry settings of all components. What is absent is taken from the operator's own environment. */
export interface Observability {
  /** Address of the collector (OTEL_EXPORTER_OTLP_ENDPOINT); `disabled` switches telemetry off. */
  otlpEndpoint?: string;
  /** Address of the collector for metrics alone (OTEL_EXPORTER_OTLP_METRICS_ENDPOINT). */
  otlpMetricsEndpoint?: string;
  /** Protocol to the collector (OTEL_EXPORTER_OTLP_PROTOCOL). */
  otlpProtocol?: 'http/protobuf' | 'grpc';
  /** Where traces go (OTEL_TRACES_EXPORTER). */
  tracesExporter?: 'otlp' | 'none' | 'console';
  /** Where metrics go (OTEL_METRICS_EXPORTER). */
  metricsExporter?: 'otlp' | 'none' | 'console';
  /** Where logs go (OTEL_LOGS_EXPORTER). */
  logsExporter?: 'otlp' | 'none' | 'console';
  /** Milliseconds between two exports of metrics (OTEL_METRIC_EXPORT_INTERVAL). */
  metricExportInterval?: string;
  /** Temporality of metrics (OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE). */
  metricsTemporality?: 'cumulative' | 'delta';
  /** Form of histograms (OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION). */
  histogramAggregation?: 'base2_exponential_bucket_histogram' | 'explicit_bucket_histogram';
  /** Name of the sampler (OTEL_TRACES_SAMPLER). */
  tracesSampler?: string;
  /** ConfigMap with the configuration of the sampler, mounted at /etc/otel. */
  samplingConfigRef?: { name: string; key?: string };
}

/** Access to a Service from outside. */
export interface External {
  /** Make the Service reachable from outside. */
  enabled: boolean;
  /** External addresses of the Service. */
  externalIPs?: string[];
  /** Additional annotations of the Service. */
  annotations?: Record<string, string>;
}

/** Removal of stale topology records. */
export interface Pruning {
  /** Remove records of cells and poolers that are gone. Default: true. */
  enabled?: boolean;
}

/** A key of a Secret with the superuser's password. */
export interface PasswordRef {
  /** Name of the Secret. */
  name: string;
  /** Key in the Secret. */
  key: string;
}

/** TLS between the components. */
export interface InternalTls {
  /** Use mutual TLS with certificates of cert-manager. Default: false. */
  enabled?: boolean;
}

/** What a cluster shall be. */
export interface MultigresClusterSpec {
  /** Images. One that is named here is pinned; the others follow the operator's defaults. */
  images?: ImagePull & ComponentImages & { imagePullPolicy?: PullPolicy };
  /** When new default images are adopted. */
  imageUpdatePolicy?: { strategy?: 'immediate' | 'lazy'; acknowledgedRevision?: string };
  /** How much each component logs. */
  logLevels?: LogLevels;
  /** Templates for all that names none. */
  templateDefaults?: { coreTemplate?: string; cellTemplate?: string; shardTemplate?: string };
  /** Topology server of the cluster. Default: managed etcd. */
  globalTopoServer?: GlobalTopo;
  /** The admin service. */
  multiadmin?: { spec?: Stateless; templateRef?: string; placement?: Placement };
  /** The admin page. */
  multiadminWeb?: { spec?: Stateless; templateRef?: string };
  /** Cells of the cluster. They can be added, not removed. */
  cells?: CellConfig[];
  /** Databases. Absent: one named postgres. */
  databases?: DatabaseConfig[];
  /** What happens to data volumes. If the key is absent they are deleted with the cluster: set whenDeleted to Retain to keep them. */
  pvcDeletionPolicy?: PvcPolicy;
  /** OpenTelemetry settings. */
  observability?: Observability;
  /** Where backups go. Absent: on a volume of 10Gi for each shard. */
  backup?: Backup;
  /** Access to the gateway from outside. */
  externalGateway?: External;
  /** Access to the admin page from outside. */
  externalAdminWeb?: External;
  /** Removal of stale topology records. */
  topologyPruning?: Pruning;
  /** Which poolers must confirm a write: AT_LEAST_2 (any two, the default) or MULTI_CELL_AT_LEAST_2 (two in different cells). */
  durabilityPolicy?: string;
  /** Name of the superuser that initdb creates. */
  postgresSuperuser?: string;
  /** Password of the superuser. */
  postgresPasswordSecretRef: PasswordRef;
  /** TLS between the components. */
  internalTLS?: InternalTls;
  /** Common name of the gateway's certificate towards clients. Absent: no TLS towards clients. */
  certCommonName?: string;
}

/** What runs where the spec says nothing: the spec with templates, inheritance and defaults. */
export interface ResolvedStatus {
  /** Global topology. */
  globalTopoServer: {
    replicas?: number;
    image?: string;
    resources?: ResourceRequirements;
    storageSize?: string;
    storageClass?: string;
    pvcDeletionPolicy?: PvcPolicy;
    rootPath: string;
    address: string;
  };
  /** Administration service. */
  multiadmin: { replicas: number; resources?: ResourceRequirements };
  /** Administration page. */
  multiadminWeb: { replicas: number; resources?: ResourceRequirements };
  /** Cells, by name. */
  cells: Record<
    string,
    {
      gateway: { replicas: number; resources?: ResourceRequirements; buffer?: GatewayBuffer };
      localTopoServer?: {
        replicas?: number;
        image?: string;
        resources?: ResourceRequirements;
        storageSize?: string;
        storageClass?: string;
        pvcDeletionPolicy?: PvcPolicy;
        rootPath: string;
      };
    }
  >;
  /** Shards, by database/tablegroup/shard. */
  shards: Record<
    string,
    {
      template?: string;
      durabilityPolicy: string;
      backup: string;
      backupVolume?: { storageSize?: string; storageClass?: string };
      multiorch: {
        replicas: number;
        resources?: ResourceRequirements;
        cells: string[];
        failover?: FailoverTimers;
      };
      initdbArgs?: string;
      postgresConfig?: Record<string, string>;
      pools: Record<
        string,
        {
          cells: string[];
          replicasPerCell: number;
          storageSize?: string;
          storageClass?: string;
          postgres?: ResourceRequirements;
          multipooler?: ResourceRequirements;
          pvcDeletionPolicy?: PvcPolicy;
        }
      >;
    }
  >;
}

/** State of a cluster. */
export interface MultigresClusterStatus {
  /** Generation of the spec that this status is about. */
  observedGeneration?: number;
  /** What is so and what is not, each with a reason. */
  conditions?: Condition[];
  /** The state in one word. */
  phase?: Phase;
  /** The state in one sentence. */
  message?: string;
  /** State of each cell, by name. */
  cells?: Record<string, { ready: boolean; gatewayReplicas: number }>;
  /** State of each database, by name. */
  databases?: Record<string, { readyShards: number; totalShards: number }>;
  /** State of each shard, by database/tablegroup/shard. */
  shards?: Record<
    string,
    {
      phase?: Phase;
      message?: string;
      primary?: string;
      cohort?: string;
      writeTolerance?: number;
      failoverTolerance?: number;
      doing?: string;
      switchover?: {
        request: string;
        phase: 'Pending' | 'InProgress' | 'Completed' | 'Failed';
        from?: string;
        to?: string;
        startedAt?: string;
        finishedAt?: string;
        pausedMs?: number;
        message?: string;
      };
    }
  >;
  /** Outside address of the gateway, if externalGateway is enabled. */
  gateway?: { externalEndpoint: string };
  /** Outside address of the admin page, if externalAdminWeb is enabled. */
  adminWeb?: { externalEndpoint: string };
  /** Templates that the cluster is made from. */
  resolvedTemplates?: {
    coreTemplates?: string[];
    cellTemplates?: string[];
    shardTemplates?: string[];
  };
  /** The spec as it is carried out. */
  resolved?: ResolvedStatus;
  /** Images, and where each of them comes from. */
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

/** A managed topology server. */
export interface TopoServerSpec {
  /** The etcd to run. It must be there, and may be empty. */
  etcd?: Etcd;
  /** What happens to the data volumes. */
  pvcDeletionPolicy?: PvcPolicy;
  /** Where the pods may run. */
  placement?: Placement;
}

/** What clusters with this template get. */
export interface CoreTemplateSpec {
  /** The managed topology server. */
  globalTopoServer?: TopoServerSpec;
  /** The admin service. */
  multiadmin?: Stateless;
  /** Where pods of the admin service may run. */
  multiadminPlacement?: Placement;
  /** The admin page. */
  multiadminWeb?: Stateless;
}

/** What cells with this template get. */
export interface CellTemplateSpec {
  /** The gateway pods. */
  multigateway?: Gateway;
  /** Where the gateway pods may run. */
  multigatewayPlacement?: Placement;
  /** A topology server for each cell alone. */
  localTopoServer?: LocalTopo;
}

/** What shards with this template get. */
export interface ShardTemplateSpec {
  /** The multiorch pods. */
  multiorch?: Multiorch;
  /** Arguments of initdb. They only matter for new data. */
  initdbArgs?: string;
  /** Deprecated, use postgresConfig. */
  postgresConfigRef?: PgConfRef;
  /** Settings of postgresql.conf, by name. */
  postgresConfig?: Record<string, string>;
  /** Pools by name, of at most 25 characters to be of use. Pools can be added, not removed. */
  pools?: Record<string, Pool>;
  /** What happens to data volumes when pods go. */
  pvcDeletionPolicy?: PvcPolicy;
}

/** How components reach the global topology server. */
export interface TopoRef {
  /** Address of the server; several are separated by commas. */
  address: string;
  /** Prefix of all keys. */
  rootPath: string;
  /** Protocol of the server. */
  implementation: string;
  /** Secret with the CA certificate of the server, key ca.crt. */
  caSecret?: string;
  /** Secret with the client certificate to show, keys tls.crt and tls.key. */
  clientCertSecret?: string;
}

/** What a cell shall be. */
export interface CellSpec {
  /** Name of the cell. */
  name: string;
  /** Zone of the cell. */
  zoneId?: string;
  /** Region of the cell. */
  region?: string;
  /** Images. */
  images: ImagePull & { multigateway: string };
  /** The gateway pods. */
  multigateway: Gateway;
  /** Where the gateway pods may run. */
  multigatewayPlacement?: Placement;
  /** The global topology server. */
  globalTopoServer: TopoRef;
  /** A topology server for this cell alone. */
  topoServer?: LocalTopo;
  /** All cells of the cluster. */
  allCells?: string[];
  /** What the operator keeps up in the topology. */
  topologyReconciliation?: { registerCell: boolean; prunePoolers: boolean };
  /** OpenTelemetry settings. */
  observability?: Observability;
  /** How much each component logs. */
  logLevels?: LogLevels;
  /** TLS between the components. */
  internalTLS?: InternalTls;
  /** Common name of the gateway's certificate towards clients. */
  certCommonName?: string;
}

/** State of a cell. */
export interface CellStatus {
  /** Generation of the spec that this status is about. */
  observedGeneration?: number;
  /** What is so and what is not, each with a reason. */
  conditions?: Condition[];
  /** The state in one word. */
  phase?: Phase;
  /** The state in one sentence. */
  message?: string;
  /** Gateway pods. */
  gatewayReplicas: number;
  /** Gateway pods that are ready. */
  gatewayReadyReplicas: number;
  /** Service of the gateway pods. */
  gatewayServiceName?: string;
}

/** The images of a shard. */
export interface ShardImages extends ImagePull {
  /** Image of multiorch. */
  multiorch: string;
  /** Image of multipooler. */
  multipooler: string;
  /** Image of Postgres with pgctld. */
  postgres: string;
}

/** One shard of a table group. */
export interface TableGroupShard {
  /** The multiorch pods. */
  multiorch: Multiorch;
  /** Arguments of initdb. They only matter for new data. */
  initdbArgs?: string;
  /** Deprecated, use postgresConfig. */
  postgresConfigRef?: PgConfRef;
  /** Settings of postgresql.conf, by name. */
  postgresConfig?: Record<string, string>;
  /** Name of the shard. */
  name: string;
  /** Pools by name. */
  pools: Record<string, Pool>;
  /** What happens to data volumes when pods go. */
  pvcDeletionPolicy?: PvcPolicy;
  /** Where backups of this shard go. */
  backup?: Backup;
}

/** What a table group shall be. */
export interface TableGroupSpec {
  /** Name of the database. */
  databaseName: string;
  /** Name of the table group. */
  tableGroupName: string;
  /** Images. */
  images: ShardImages;
  /** The global topology server. */
  globalTopoServer: TopoRef;
  /** What happens to data volumes when pods go. */
  pvcDeletionPolicy?: PvcPolicy;
  /** TLS between the components. */
  internalTLS?: InternalTls;
  /** OpenTelemetry settings. */
  observability?: Observability;
  /** How much each component logs. */
  logLevels?: LogLevels;
  /** Where backups go. */
  backup?: Backup;
  /** Removal of stale topology records. */
  topologyPruning?: Pruning;
  /** For each cell the Node labels that its pods need. */
  cellTopologyLabels?: Record<string, Record<string, string>>;
  /** Which poolers must confirm a write. */
  durabilityPolicy?: string;
  /** Name of the superuser. */
  postgresSuperuser?: string;
  /** Password of the superuser. */
  postgresPasswordSecretRef: PasswordRef;
  /** The group of all tables that belong to no other one. */
  default?: boolean;
  /** Its shards. */
  shards: TableGroupShard[];
}

/** State of a table group. */
export interface TableGroupStatus {
  /** Generation of the spec that this status is about. */
  observedGeneration?: number;
  /** What is so and what is not, each with a reason. */
  conditions?: Condition[];
  /** The state in one word. */
  phase?: Phase;
  /** The state in one sentence. */
  message?: string;
  /** Shards that serve. */
  readyShards: number;
  /** Shards that there should be. */
  totalShards: number;
}

/** What a shard shall be. */
export interface ShardSpec {
  /** Name of the database. */
  databaseName: string;
  /** Name of the table group. */
  tableGroupName: string;
  /** Images. */
  images: ShardImages;
  /** The global topology server. */
  globalTopoServer: TopoRef;
  /** What happens to data volumes when pods go. */
  pvcDeletionPolicy?: PvcPolicy;
  /** TLS between the components. */
  internalTLS?: InternalTls;
  /** OpenTelemetry settings. */
  observability?: Observability;
  /** How much each component logs. */
  logLevels?: LogLevels;
  /** Where backups go. */
  backup?: Backup;
  /** Removal of stale topology records. */
  topologyPruning?: Pruning;
  /** For each cell the Node labels that its pods need. */
  cellTopologyLabels?: Record<string, Record<string, string>>;
  /** Which poolers must confirm a write. */
  durabilityPolicy?: string;
  /** Name of the superuser. */
  postgresSuperuser?: string;
  /** Password of the superuser. */
  postgresPasswordSecretRef: PasswordRef;
  /** The multiorch pods. */
  multiorch: Multiorch;
  /** Arguments of initdb. They only matter for new data. */
  initdbArgs?: string;
  /** Deprecated, use postgresConfig. */
  postgresConfigRef?: PgConfRef;
  /** Settings of postgresql.conf, by name. */
  postgresConfig?: Record<string, string>;
  /** Name of the shard. */
  shardName: string;
  /** Pools by name. */
  pools: Record<string, Pool>;
  /** Postgres pods of all pools together. Written by the operator for the scale subresource, never read. */
  replicas?: number;
}

/** State of a shard. */
export interface ShardStatus {
  /** Generation of the spec that this status is about. */
  observedGeneration?: number;
  /** What is so and what is not, each with a reason. */
  conditions?: Condition[];
  /** The state in one word. */
  phase?: Phase;
  /** The state in one sentence. */
  message?: string;
  /** Cells with pods of the shard. */
  cells?: string[];
  /** All multiorch pods are ready. */
  orchReady: boolean;
  /** All Postgres pods are ready. */
  poolsReady: boolean;
  /** End of the last backup. */
  lastBackupTime?: string;
  /** Kind of the last backup. */
  lastBackupType?: 'full' | 'diff' | 'incr';
  /** Role of each pod, by name of the pod. */
  podRoles?: Record<string, string>;
  /** Pod of the primary. Absent while there is none, or nobody knows it. */
  primary?: string;
  /** Members of the cohort. Absent while nobody tells it. */
  cohort?: number;
  /** Members that the cohort should have. */
  expectedMembers?: number;
  /** Members that may fail now while the shard still accepts writes. */
  writeTolerance?: number;
  /** Members that may fail now while a new primary can still be elected without loss. */
  failoverTolerance?: number;
  /** What the operator is doing to the shard and what it waits for. */
  doing?: string;
  /** The last switchover that was asked for. */
  switchover?: {
    request: string;
    phase: 'Pending' | 'InProgress' | 'Completed' | 'Failed';
    from?: string;
    to?: string;
    startedAt?: string;
    finishedAt?: string;
    pausedMs?: number;
    message?: string;
  };
  /** State of each Postgres pod, by name of the pod. */
  poolers?: Record<
    string,
    {
      cell: string;
      index: number;
      role: string;
      serving: boolean;
      inCohort: boolean;
      lagSeconds?: number;
      state?: string;
    }
  >;
  /** Policy of the rule that its poolers follow: taken when the shard first started, kept since. Absent before. */
  durabilityPolicy?: string;
  /** Postgres pods that are ready. */
  readyReplicas?: number;
  /** How far changed settings of postgresql.conf have come. */
  postgresConfig?: { inProgress?: boolean; lastAppliedAt?: string; error?: string };
}

/** State of a topology server. */
export interface TopoServerStatus {
  /** Generation of the spec that this status is about. */
  observedGeneration?: number;
  /** What is so and what is not, each with a reason. */
  conditions?: Condition[];
  /** The state in one word. */
  phase?: Phase;
  /** The state in one sentence. */
  message?: string;
  /** Service for clients. */
  clientService?: string;
  /** Service between the members. */
  peerService?: string;
}

/** A Multigres cluster: Postgres with gateways, poolers and automatic failover over cells. */
export type MultigresCluster = KubeObject<MultigresClusterSpec, MultigresClusterStatus>;

/** Settings of the topology server and the admin service, shared by clusters of a namespace. */
export type CoreTemplate = KubeObject<CoreTemplateSpec>;

/** Settings of cells, shared by clusters of a namespace. */
export type CellTemplate = KubeObject<CellTemplateSpec>;

/** Settings of shards, shared by clusters of a namespace. */
export type ShardTemplate = KubeObject<ShardTemplateSpec>;

/** One cell of a cluster: its gateways and, if it has one, its own topology server. */
export type Cell = KubeObject<CellSpec, CellStatus>;

/** One table group of a database; it makes the Shards. */
export type TableGroup = KubeObject<TableGroupSpec, TableGroupStatus>;

/** One shard: Postgres pods in pools, and the multiorch pods that watch them. */
export type Shard = KubeObject<ShardSpec, ShardStatus>;

/** A managed topology server, of a cluster or of one cell. */
export type TopoServer = KubeObject<TopoServerSpec, TopoServerStatus>;
