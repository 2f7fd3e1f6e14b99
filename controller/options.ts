import { durationMs } from '../schemas/duration.ts';
import { LOG_LEVELS, type LogLevel } from '../kube/log.ts';

interface OptionDef {
  /** Command line name without the dashes. */
  flag: string;
  env?: string;
  type: 'string' | 'boolean' | 'integer' | 'duration' | 'list' | readonly string[];
  default: string;
  summary: string;
  /** Lower bound of integers; of durations in milliseconds. */
  min?: number;
}

/**
 * Every setting of the controller: the one list for the command line, the environment and
 * docs/options.md. A flag wins over its environment variable, which wins over the default.
 */
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
    env: 'WATCH_NAMESPACES',
    type: 'list',
    default: '',
    summary: 'Namespaces to work in, separated by commas. Empty: all.',
  },
  leaderElect: {
    flag: 'leader-elect',
    env: 'LEADER_ELECT',
    type: 'boolean',
    default: 'true',
    summary: 'Work only while holding the lease. Needed as soon as two instances may overlap.',
  },
  leaseName: {
    flag: 'lease-name',
    env: 'LEASE_NAME',
    type: 'string',
    default: 'multigres-operator.multigres.com',
    summary: 'Name of the lease.',
  },
  healthAddress: {
    flag: 'health-probe-bind-address',
    env: 'HEALTH_PROBE_BIND_ADDRESS',
    type: 'string',
    default: ':8081',
    summary: 'Address of /healthz and /readyz.',
  },
  metricsAddress: {
    flag: 'metrics-bind-address',
    env: 'METRICS_BIND_ADDRESS',
    type: 'string',
    default: ':8080',
    summary:
      'Address of /metrics (plain HTTP). `0` turns it off; the same value as for health puts both on one port.',
  },
  logLevel: {
    flag: 'log-level',
    env: 'LOG_LEVEL',
    type: LOG_LEVELS,
    default: 'info',
    summary: 'Least important lines that are written.',
  },
  workers: {
    flag: 'workers',
    env: 'WORKERS',
    type: 'integer',
    min: 1,
    default: '8',
    summary: 'Reconciles of one kind that may run at the same time.',
  },
  kubeQps: {
    flag: 'kube-api-qps',
    env: 'KUBE_API_QPS',
    type: 'integer',
    min: 1,
    default: '50',
    summary: 'Requests per second to the Kubernetes API, on average.',
  },
  kubeBurst: {
    flag: 'kube-api-burst',
    env: 'KUBE_API_BURST',
    type: 'integer',
    min: 1,
    default: '100',
    summary: 'Requests to the Kubernetes API that may be made at once.',
  },
  resyncMs: {
    flag: 'resync-period',
    env: 'RESYNC_PERIOD',
    type: 'duration',
    min: 10_000,
    default: '10m',
    summary:
      'Every object is looked at again after this time plus up to a tenth, as a safety net only.',
  },
  shutdownMs: {
    flag: 'shutdown-timeout',
    env: 'SHUTDOWN_TIMEOUT',
    type: 'duration',
    min: 0,
    default: '20s',
    summary: 'Time for running reconciles to finish after SIGTERM.',
  },
  imageUpdateStrategy: {
    flag: 'image-update-strategy',
    env: 'IMAGE_UPDATE_STRATEGY',
    type: ['immediate', 'lazy'],
    default: 'immediate',
    summary:
      'What a new set of default images does to clusters that do not pin theirs: roll out at once, or wait until the revision is acknowledged.',
  },
  maxRollingClusters: {
    flag: 'max-rolling-clusters',
    env: 'MAX_ROLLING_CLUSTERS',
    type: 'integer',
    min: 0,
    default: '1',
    summary: 'How many clusters may replace pods at once. 0: any number.',
  },
  certIssuer: {
    flag: 'cert-issuer',
    env: 'CERT_ISSUER',
    type: 'string',
    default: 'ClusterIssuer/supabase-issuer',
    summary: 'Issuer of cert-manager certificates: `ClusterIssuer/name` or `Issuer/name`.',
  },
  zoneKeys: {
    flag: 'zone-labels',
    env: 'ZONE_LABELS',
    type: 'list',
    default: 'topology.k8s.aws/zone-id,topology.kubernetes.io/zone',
    summary: 'Node labels that may carry the zone of a cell, strongest first.',
  },
  clusterDomain: {
    flag: 'cluster-domain',
    env: 'CLUSTER_DOMAIN',
    type: 'string',
    default: 'cluster.local',
    summary: 'DNS domain of the Kubernetes cluster.',
  },
} as const satisfies Record<string, OptionDef>;

type OptionName = keyof typeof OPTIONS;

/** Environment variables that are handed on as they are. A trailing `*` stands for any ending. */
export const PASSED_ENV: { name: string; summary: string }[] = [
  {
    name: 'MULTIGRES_IMAGE_*',
    summary: 'Default image of a component, used where a cluster names none.',
  },
  {
    name: 'OTEL_*',
    summary: 'OpenTelemetry settings for clusters whose spec.observability does not set its own.',
  },
];

type ValueOf<T> = T extends 'boolean'
  ? boolean
  : T extends 'integer' | 'duration'
    ? number
    : T extends 'list'
      ? string[]
      : T extends readonly (infer S)[]
        ? S
        : string;

export type Options = { [K in OptionName]: ValueOf<(typeof OPTIONS)[K]['type']> } & {
  logLevel: LogLevel;
  /** The environment variables of PASSED_ENV that are set. */
  env: Record<string, string>;
};

export type OptionsResult = { ok: true; value: Options } | { ok: false; problems: string[] };

/**
 * Reads the command line and the environment.
 * @param argv arguments without the program: `--flag=value`, `--flag value`, or `--flag` for true
 */
export function parseOptions(
  argv: readonly string[],
  env: Record<string, string | undefined>,
): OptionsResult {
  const problems: string[] = [];
  const flags = readFlags(argv, problems);
  const values: Record<string, unknown> = { env: passedEnv(env) };
  for (const [name, def] of Object.entries<OptionDef>(OPTIONS)) {
    const flag = flags.get(def.flag);
    const fromEnv = def.env === undefined ? undefined : env[def.env] || undefined;
    const source = flag !== undefined || !fromEnv ? `--${def.flag}` : def.env;
    const parsed = parseValue(def, flag ?? fromEnv ?? def.default);
    if (parsed.ok) values[name] = parsed.value;
    else problems.push(`${source}: ${parsed.message}`);
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: values as unknown as Options };
}

function readFlags(argv: readonly string[], problems: string[]): Map<string, string> {
  const defs = new Map(Object.values<OptionDef>(OPTIONS).map((def) => [def.flag, def]));
  const found = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const match = /^--?([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(argv[i] ?? '');
    const def = match ? defs.get(match[1] ?? '') : undefined;
    if (!match || !def) {
      problems.push(
        `unknown argument ${JSON.stringify(argv[i])}; known are ${[...defs.keys()].map((f) => `--${f}`).join(', ')}`,
      );
      continue;
    }
    const next = argv[i + 1];
    if (match[2] !== undefined) found.set(def.flag, match[2]);
    else if (def.type === 'boolean') found.set(def.flag, 'true');
    else if (next === undefined) problems.push(`--${def.flag}: a value is missing`);
    else {
      found.set(def.flag, next);
      i++;
    }
  }
  return found;
}

type Parsed = { ok: true; value: unknown } | { ok: false; message: string };

function parseValue(def: OptionDef, text: string): Parsed {
  const quoted = JSON.stringify(text);
  switch (def.type) {
    case 'string':
      return { ok: true, value: text };
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { ok: true, value: text === 'true' }
        : { ok: false, message: `${quoted} is not true or false` };
    case 'integer':
      return /^\d{1,9}$/.test(text) && Number(text) >= (def.min ?? 0)
        ? { ok: true, value: Number(text) }
        : { ok: false, message: `${quoted} is not a whole number of ${def.min ?? 0} or more` };
    case 'duration': {
      const ms = durationMs(text);
      return ms !== undefined && ms >= (def.min ?? 0)
        ? { ok: true, value: ms }
        : {
            ok: false,
            message: `${quoted} is not a duration of at least ${(def.min ?? 0) / 1000}s, such as 90s, 10m or 1h30m`,
          };
    }
    case 'list':
      return {
        ok: true,
        value: text
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      };
    default:
      return def.type.includes(text)
        ? { ok: true, value: text }
        : { ok: false, message: `${quoted} is not one of ${def.type.join(', ')}` };
  }
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

/** Text of docs/options.md. */
export function optionsMarkdown(): string {
  const rows = Object.values<OptionDef>(OPTIONS).map((def) => {
    const type = typeof def.type === 'string' ? def.type : def.type.join(' \\| ');
    const value = def.default === '' ? '' : `\`${def.default}\``;
    return `| \`--${def.flag}\` | ${def.env ? `\`${def.env}\`` : ''} | ${type} | ${value} | ${def.summary} |`;
  });
  return [
    '<!-- Made from controller/options.ts: change that file, then run the generator. -->',
    '',
    '# Options of the controller',
    '',
    'A flag wins over its environment variable, which wins over the default.',
    'Durations are written as `90s`, `10m` or `1h30m`.',
    '',
    '| Flag | Environment | Type | Default | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'Also read from the environment:',
    '',
    '| Variable | Meaning |',
    '| --- | --- |',
    ...PASSED_ENV.map((entry) => `| \`${entry.name}\` | ${entry.summary} |`),
    '',
  ].join('\n');
}
