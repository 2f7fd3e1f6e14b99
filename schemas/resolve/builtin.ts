import type { ResourceRequirements } from '../k8s.ts';

/**
 * Values used where neither the cluster nor a template says anything. Numbers are upstream's; there
 * is no CPU limit anywhere.
 */

const resources = (cpu: string, memory: string, limit: string): ResourceRequirements => ({
  requests: { cpu, memory },
  limits: { memory: limit },
});

/**
 * Holding of statements at the gateways unless the cluster says otherwise. The runtime has it switched off,
 * and its own window of 10 s is shorter than many failovers: one planned switch in three failed statements
 * (measured), with 25 s none of sixteen did.
 */
export const BUFFER_DEFAULTS = {
  enabled: true,
  /**
   * The end of a killed primary is noticed after 13 to 19 s, the election takes a few more (measured). A longer
   * window is of no use: the gateway's own statement time-out, 30 s, counts while a statement is held.
   */
  window: '30s',
  /** Statements that come late in an outage may wait their window too. */
  maxFailoverDuration: '45s',
  /**
   * Counted from the end of the last outage. A rollout moves the primary twice within seconds, and at the
   * runtime's 1 m the second move would fail every statement; the other waits bound what 0 can cost.
   */
  minTimeBetweenFailovers: '0s',
  /** More than the sessions of one gateway, each of which can wait with one statement: none is pushed out. */
  size: 10_000,
  /**
   * A released statement keeps its place until it is done: at the runtime's 1, one slow report holds up all
   * others. Half of the connections that a pooler opens at our default of max_connections.
   */
  drainConcurrency: 20,
} as const;

/**
 * When a multiorch replaces a primary, unless the cluster says otherwise. The runtime's own 4 s and 8 s
 * of grace are most of every outage. A grace period at all costs a whole look more, half a second, and saves
 * no healthy primary: the runtime lists one as gone only with evidence. Not without turns: two that recruit
 * at once both back off for 4 s.
 */
export const FAILOVER_DEFAULTS = {
  gracePeriod: '0s',
  gracePeriodJitter: '4s',
  healthCheckInterval: '500ms',
  recoveryInterval: '500ms',
} as const;

export const BUILTIN = {
  globalRootPath: '/multigres/global',
  /** A cell's own topology. */
  localRootPath: (cell: string) => `/multigres/${cell}`,
  topoImplementation: 'etcd',
  etcd: { replicas: 3, size: '1Gi', resources: resources('100m', '256Mi', '512Mi') },
  multiadmin: { replicas: 1, resources: resources('100m', '128Mi', '256Mi') },
  multiadminWeb: { replicas: 1, resources: resources('50m', '64Mi', '128Mi') },
  /** Per cell. */
  gateway: {
    replicas: 1,
    resources: resources('100m', '128Mi', '256Mi'),
    buffer: { enabled: BUFFER_DEFAULTS.enabled },
  },
  /** Per cell of the shard. */
  multiorch: { replicas: 1, resources: resources('50m', '64Mi', '128Mi') },
  pool: {
    name: 'default',
    type: 'readWrite',
    size: '1Gi',
    postgres: resources('100m', '256Mi', '512Mi'),
    multipooler: resources('100m', '128Mi', '256Mi'),
  },
  backup: { path: '/backups', size: '10Gi' },
  database: 'postgres',
  tablegroup: 'default',
  shard: '0-inf',
  /** Name of the template that applies where none is named, if it exists. */
  template: 'default',
  imagePullPolicy: 'IfNotPresent',
  logLevels: {
    pgctld: 'info',
    multipooler: 'info',
    multiorch: 'info',
    multiadmin: 'info',
    multigateway: 'info',
  },
  superuser: 'postgres',
  samplingConfigKey: 'sampling-config.yaml',
} as const;

/** Where backups go if nobody says anything. */
export const DEFAULT_BACKUP = {
  type: 'filesystem',
  filesystem: { path: BUILTIN.backup.path, storage: { size: BUILTIN.backup.size } },
} as const;

/** The cluster's value when the key is absent. A CRD default, so it is careless but compatible. */
export const CLUSTER_PVC_POLICY = { whenDeleted: 'Delete', whenScaled: 'Delete' } as const;

/**
 * Poolers per cell where nobody wrote a number: two in a pool of one cell, so that the default
 * policy AT_LEAST_2 can be met, else one.
 */
export const defaultReplicasPerCell = (cells: number): number => (cells === 1 ? 2 : 1);
