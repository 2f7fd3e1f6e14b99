import { BUFFER_DEFAULTS } from '../buffer.ts';
import type { ResourceRequirements } from '../k8s.ts';

/**
 * Values used where neither the cluster nor a template says anything. Numbers are upstream's; there
 * is no CPU limit anywhere.
 */

const resources = (cpu: string, memory: string, limit: string): ResourceRequirements => ({
  requests: { cpu, memory },
  limits: { memory: limit },
});

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

/**
 * Poolers per cell where nobody wrote a number: two in a pool of one cell, so that the default
 * policy AT_LEAST_2 can be met, else one.
 */
export const defaultReplicasPerCell = (cells: number): number => (cells === 1 ? 2 : 1);
