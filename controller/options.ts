import { ZONE_LABELS } from '../schemas/labels.ts';
import { LOG_LEVELS } from '../kube/log.ts';
import {
  readOptions,
  type OptionsResult,
  type OptionTable,
  type OptionValues,
} from '../kube/options.ts';

/** Every setting of the controller. */
export const OPTIONS = {
  namespace: {
    flag: 'namespace',
    env: 'POD_NAMESPACE',
    type: 'string',
    default: 'multigres-operator',
    summary: 'Namespace of the operator itself: the place of its lease.',
  },
  identity: {
    flag: 'identity',
    env: 'POD_NAME',
    type: 'string',
    default: '',
    summary: 'Name of this instance in the lease. Empty: the host name.',
  },
  watchNamespaces: {
    flag: 'watch-namespaces',
    type: 'list',
    default: '',
    summary: 'Namespaces to work in, separated by commas. Empty: all.',
  },
  leaderElect: {
    flag: 'leader-elect',
    type: 'boolean',
    default: 'true',
    summary: 'Work only while holding the lease. Needed as soon as two instances may overlap.',
  },
  leaseName: {
    flag: 'lease-name',
    type: 'string',
    default: 'multigres-operator.multigres.com',
    summary: 'Name of the lease.',
  },
  healthAddress: {
    flag: 'health-probe-bind-address',
    type: 'string',
    default: ':8081',
    summary: 'Address of /healthz and /readyz.',
  },
  metricsAddress: {
    flag: 'metrics-bind-address',
    type: 'string',
    default: ':8080',
    summary:
      'Address of /metrics (plain HTTP). `0` turns it off; the same value as for health puts both on one port.',
  },
  logLevel: {
    flag: 'log-level',
    type: LOG_LEVELS,
    default: 'info',
    summary: 'Least important lines that are written.',
  },
  workers: {
    flag: 'workers',
    type: 'integer',
    min: 1,
    default: '8',
    summary: 'Reconciles of one kind that may run at the same time.',
  },
  kubeQps: {
    flag: 'kube-api-qps',
    type: 'integer',
    min: 1,
    default: '300',
    summary:
      'Requests per second to the Kubernetes API, on average: a guard against faults of the controller, for the API server protects itself.',
  },
  kubeBurst: {
    flag: 'kube-api-burst',
    type: 'integer',
    min: 1,
    default: '600',
    summary: 'Requests to the Kubernetes API that may be made at once.',
  },
  resyncMs: {
    flag: 'resync-period',
    type: 'duration',
    min: 10_000,
    default: '10m',
    summary:
      'Every object is looked at again after this time plus up to a tenth, as a safety net only.',
  },
  shutdownMs: {
    flag: 'shutdown-timeout',
    type: 'duration',
    min: 0,
    default: '20s',
    summary: 'Time for running reconciles to finish after SIGTERM.',
  },
  imageUpdateStrategy: {
    flag: 'image-update-strategy',
    type: ['immediate', 'lazy'],
    default: 'immediate',
    summary:
      'What a new set of default images does to clusters that do not pin theirs: roll out at once, or wait until the revision is acknowledged.',
  },
  maxRollingClusters: {
    flag: 'max-rolling-clusters',
    type: 'integer',
    min: 0,
    default: '1',
    summary: 'How many clusters may replace pods at once. 0: any number.',
  },
  certIssuer: {
    flag: 'cert-issuer',
    type: 'string',
    default: 'ClusterIssuer/supabase-issuer',
    summary: 'Issuer of cert-manager certificates: `ClusterIssuer/name` or `Issuer/name`.',
  },
  zoneKeys: {
    flag: 'zone-labels',
    type: 'list',
    default: ZONE_LABELS.join(','),
    summary: 'Node labels that may carry the zone of a cell, strongest first.',
  },
  clusterDomain: {
    flag: 'cluster-domain',
    type: 'string',
    default: 'cluster.local',
    summary: 'DNS domain of the Kubernetes cluster.',
  },
} as const satisfies OptionTable;

/** Environment variables that are handed on as they are. A trailing `*` stands for any ending. */
export const PASSED_ENV: readonly { name: string; summary: string }[] = [
  {
    name: 'MULTIGRES_IMAGE_*',
    summary: 'Default image of a component, used where a cluster names none.',
  },
  {
    name: 'OTEL_*',
    summary: 'OpenTelemetry settings for clusters whose spec.observability does not set its own.',
  },
];

export type Options = OptionValues<typeof OPTIONS> & {
  /** The environment variables of PASSED_ENV that are set. */
  env: Record<string, string>;
};

/** Reads the command line (arguments without the program) and the environment. */
export function parseOptions(
  argv: readonly string[],
  env: Record<string, string | undefined>,
): OptionsResult<Options> {
  const read = readOptions(OPTIONS, argv, env);
  return read.ok ? { ok: true, value: { ...read.value, env: passedEnv(env) } } : read;
}

function passedEnv(env: Record<string, string | undefined>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const passed = PASSED_ENV.some(({ name: pattern }) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
    if (passed && value !== undefined && value !== '') found[name] = value;
  }
  return found;
}
