import type { ResourceRequirements, LocalObjectReference } from '../k8s.ts';
import type { Problem } from '../problem.ts';
import type * as api from '../types.ts';

/** The templates of one namespace, by name. */
export interface Templates {
  core: Readonly<Record<string, api.CoreTemplate>>;
  cell: Readonly<Record<string, api.CellTemplate>>;
  shard: Readonly<Record<string, api.ShardTemplate>>;
}

/**
 * What runs already: the spec of each child Shard under `<database>/<tablegroup>/<shard>`. Values
 * that nobody wrote are never resolved below it, so a changed default cannot shrink a shard.
 */
export type RunningShards = Readonly<Record<string, Pick<api.ShardSpec, 'pools'>>>;

export interface ResolvedEtcd {
  /** Absent: the operator's own default, which follows operator upgrades. */
  image?: string;
  replicas: number;
  storage: api.Storage & { size: string };
  resources: ResourceRequirements;
  rootPath: string;
  /** Only in a cell's own etcd; of the global one see `ResolvedGlobalTopo.pvcDeletionPolicy`. */
  pvcDeletionPolicy?: api.PvcPolicy;
}
export type ResolvedExternalTopo = api.ExternalTopo & { implementation: string; rootPath: string };

export type ResolvedGlobalTopo =
  | {
      kind: 'etcd';
      etcd: ResolvedEtcd;
      pvcDeletionPolicy: Required<api.PvcPolicy>;
      placement?: api.Placement;
    }
  | { kind: 'external'; external: ResolvedExternalTopo };

/** Exactly one of the two is present. */
export interface ResolvedLocalTopo extends api.LocalTopo {
  etcd?: ResolvedEtcd;
  external?: ResolvedExternalTopo;
}

/** Replicas and resources are always there; `resources: {}` cannot occur, `{limits: {}}` can. */
export type ResolvedStateless<T extends api.Stateless = api.Stateless> = T & {
  replicas: number;
  resources: ResourceRequirements;
};

export interface ResolvedCell {
  name: string;
  zoneId?: string;
  region?: string;
  gateway: ResolvedStateless<api.Gateway>;
  gatewayPlacement?: api.Placement;
  localTopo?: ResolvedLocalTopo;
}

export type ResolvedPool = api.Pool & {
  /** Empty only if the cluster has no cells. */
  cells: string[];
  replicasPerCell: number;
  storage: api.Storage & { size: string };
};

export interface ResolvedShard {
  name: string;
  /** `cells` is empty only if the cluster has no cells. */
  multiorch: ResolvedStateless<api.Multiorch> & { cells: string[] };
  pools: Record<string, ResolvedPool>;
  initdbArgs?: string;
  postgresConfigRef?: api.PgConfRef;
  postgresConfig?: Record<string, string>;
  pvcDeletionPolicy: Required<api.PvcPolicy>;
  backup: api.Backup;
  /** Name of the ShardTemplate that was merged. */
  template?: string;
}

export interface ResolvedTableGroup {
  name: string;
  default: boolean;
  pvcDeletionPolicy: Required<api.PvcPolicy>;
  backup: api.Backup;
  shards: ResolvedShard[];
}

export interface ResolvedDatabase {
  name: string;
  durabilityPolicy: string;
  backup: api.Backup;
  tablegroups: ResolvedTableGroup[];
}

/** A cluster's spec with templates, inheritance and defaults applied. Nothing is left to look up. */
export interface ResolvedCluster {
  name: string;
  namespace: string;
  /** The annotation's value, else the cluster's name. */
  projectRef: string;
  globalTopo: ResolvedGlobalTopo;
  /** The reference that every child gets. */
  topoRef: api.TopoRef;
  multiadmin: { spec: ResolvedStateless; placement?: api.Placement };
  multiadminWeb: { spec: ResolvedStateless };
  /** In the order of spec.cells. */
  cells: ResolvedCell[];
  databases: ResolvedDatabase[];
  pvcDeletionPolicy: Required<api.PvcPolicy>;
  logLevels: Record<keyof api.LogLevels, api.LogLevel>;
  topologyPruning: boolean;
  durabilityPolicy: string;
  postgresSuperuser: string;
  postgresPasswordSecretRef: api.PasswordRef;
  internalTLS: { enabled: boolean };
  certCommonName?: string;
  observability?: api.Observability;
  imagePullPolicy: api.PullPolicy;
  imagePullSecrets?: LocalObjectReference[];
  externalGateway?: api.External;
  externalAdminWeb?: api.External;
  /** Names of the templates that were merged, sorted, also where nobody wrote the name. */
  templatesUsed: { core: string[]; cell: string[]; shard: string[] };
}

export type ResolveResult =
  | {
      ok: true;
      value: ResolvedCluster;
      /** Where a running shard kept more than the spec asks for, and why. */
      notes: Problem[];
    }
  | { ok: false; problems: Problem[] };
