/**
 * The command lines of the runtime's binaries, as far as they are known. A flag that is not listed is
 * refused like the real binaries refuse it, so that a misspelt argument of a pod fails here too.
 */

/** Kinds: text, number (integer), switch (true/false, bare = true), duration (Go notation, in ms). */
export type FlagKind = 'text' | 'number' | 'switch' | 'duration';
export type FlagTable = Readonly<Record<string, { kind: FlagKind; value: string }>>;

/** Values of a parsed command line; every flag of the role's table is present (default or given). */
export interface Flags {
  /** Words that are not flags, e.g. `server`. */
  readonly words: readonly string[];
  text(name: string): string;
  number(name: string): number;
  on(name: string): boolean;
  /** A duration in milliseconds. */
  ms(name: string): number;
  /** All values as text (what /config shows). */
  readonly all: Readonly<Record<string, string>>;
}

/** Roles of the emulator; the first five are named like the real binaries. */
export const ROLES = [
  'pgctld',
  'multipooler',
  'multiorch',
  'multigateway',
  'multiadmin',
  'multiadmin-web',
] as const;
export type Role = (typeof ROLES)[number];

type Entry = [name: string, kind: FlagKind, value: string];
const table = (...parts: Entry[][]): FlagTable =>
  Object.fromEntries(parts.flat().map(([name, kind, value]) => [name, { kind, value }]));

const common: Entry[] = [
  ['http-port', 'number', '0'],
  ['grpc-port', 'number', '0'],
  ['bind-address', 'text', ''],
  ['grpc-bind-address', 'text', ''],
  ['grpc-socket-file', 'text', ''],
  ['grpc-cert', 'text', ''],
  ['grpc-key', 'text', ''],
  ['grpc-ca', 'text', ''],
  ['grpc-server-ca', 'text', ''],
  ['grpc-auth-mode', 'text', ''],
  ['grpc-auth-mtls-allowed-substrings', 'text', ''],
  ['hostname', 'text', ''],
  ['log-level', 'text', 'info'],
  ['log-format', 'text', 'json'],
  ['log-output', 'text', ''],
  ['pprof-http', 'switch', 'true'],
  ['service-map', 'text', ''],
  ['lameduck-period', 'duration', '50ms'],
  ['onterm-timeout', 'duration', '30s'],
  ['onclose-timeout', 'duration', '10s'],
];
const topo: Entry[] = [
  ['topo-global-server-addresses', 'text', ''],
  ['topo-global-root', 'text', ''],
  ['topo-etcd-tls-cert', 'text', ''],
  ['topo-etcd-tls-key', 'text', ''],
  ['topo-etcd-tls-ca', 'text', ''],
];
const poolerClient: Entry[] = [
  ['multipooler-grpc-cert', 'text', ''],
  ['multipooler-grpc-key', 'text', ''],
  ['multipooler-grpc-ca', 'text', ''],
  ['multipooler-grpc-server-name', 'text', ''],
  ['multipooler-grpc-require-tls', 'switch', 'false'],
];
const member: Entry[] = [
  ['cell', 'text', ''],
  ['service-id', 'text', ''],
];

/** Flags by role. Defaults are the real binaries' where known. */
export const FLAGS: Readonly<Record<Role, FlagTable>> = {
  pgctld: table(common, [
    ['pooler-dir', 'text', ''],
    ['pg-port', 'number', '5432'],
    ['pg-listen-addresses', 'text', '*'],
    ['pg-hba-template', 'text', ''],
    ['postgres-config-template', 'text', ''],
    ['pg-init-secrets-file', 'text', ''],
    ['pg-initdb-sql-files', 'text', ''],
    ['pg-initdb-sql-dirs', 'text', ''],
    ['pgbackrest-cert-dir', 'text', ''],
    ['pgbackrest-port', 'number', '8432'],
    ['timeout', 'number', '30'],
  ]),
  multipooler: table(common, topo, poolerClient, member, [
    ['pooler-dir', 'text', ''],
    ['socket-file', 'text', ''],
    ['pg-port', 'number', '5432'],
    ['pgctld-addr', 'text', 'localhost:15200'],
    ['database', 'text', ''],
    ['table-group', 'text', ''],
    ['shard', 'text', ''],
    ['connpool-global-capacity', 'number', '100'],
    ['connpool-admin-capacity', 'number', '5'],
    ['connpool-drain-grace-period', 'duration', '3s'],
    ['pgbackrest-cert-file', 'text', ''],
    ['pgbackrest-key-file', 'text', ''],
    ['pgbackrest-ca-file', 'text', ''],
    ['pgbackrest-cipher-key-file', 'text', ''],
    ['pgbackrest-port', 'number', '8432'],
    ['postgres-unrecoverable-timeout', 'duration', '0s'],
    ['postgres-unrecoverable-min-attempts', 'number', '2'],
    ['enable-slot-based-replication', 'switch', 'false'],
  ]),
  multiorch: table(common, topo, poolerClient, member, [
    ['watch-targets', 'text', ''],
    ['recovery-cycle-interval', 'duration', '1s'],
    ['pooler-health-check-interval', 'duration', '5s'],
    ['leader-failover-grace-period-base', 'duration', '4s'],
    ['leader-failover-grace-period-max-jitter', 'duration', '8s'],
    ['leader-postgres-response-threshold', 'duration', '30s'],
  ]),
  multigateway: table(common, topo, poolerClient, member, [
    ['pg-port', 'number', '15432'],
    ['pg-replica-port', 'number', '0'],
    ['pg-bind-address', 'text', '0.0.0.0'],
    ['pg-tls-cert-file', 'text', ''],
    ['pg-tls-key-file', 'text', ''],
    ['pg-require-ssl', 'switch', 'false'],
    ['statement-timeout', 'duration', '30s'],
    ['authentication-timeout', 'duration', '60s'],
    ['buffer-enabled', 'switch', 'false'],
    ['buffer-window', 'duration', '10s'],
    ['buffer-max-failover-duration', 'duration', '20s'],
    ['buffer-min-time-between-failovers', 'duration', '1m'],
    ['buffer-size', 'number', '1000'],
    ['buffer-drain-concurrency', 'number', '1'],
    ['low-replication-lag-ms', 'number', '30000'],
    ['high-replication-lag-tolerance-ms', 'number', '0'],
    ['plan-cache-memory', 'number', '4194304'],
    ['query-metrics-memory', 'number', '8388608'],
    ['enable-slot-based-replication', 'switch', 'false'],
  ]),
  multiadmin: table(common, topo, poolerClient),
  'multiadmin-web': {},
};

/** Known to the real binaries, which refuse to start when they are set. */
const REFUSED = ['grpc-enable-optional-tls', 'grpc-crl', 'multipooler-grpc-crl'];

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  ns: 1e-6,
};

/** Go's duration notation (`1m30s`, `250ms`, `0`) in milliseconds; undefined when malformed. */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|ns))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)) {
    sum += Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return sum;
}

function valid(kind: FlagKind, value: string): boolean {
  if (kind === 'number') return /^-?\d+$/.test(value);
  if (kind === 'switch') return value === 'true' || value === 'false';
  if (kind === 'duration') return parseGoDuration(value) !== undefined;
  return true;
}

/** Parses a role's arguments. @throws Error with the real binaries' wording for an unknown flag or a malformed value. */
export function parseFlags(role: Role, args: readonly string[]): Flags {
  const known = FLAGS[role];
  const all: Record<string, string> = {};
  for (const [name, flag] of Object.entries(known)) all[name] = flag.value;
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (!arg.startsWith('--')) {
      words.push(arg);
      continue;
    }
    const eq = arg.indexOf('=');
    const name = arg.slice(2, eq < 0 ? undefined : eq);
    if (REFUSED.includes(name)) throw new Error(`--${name} is not implemented`);
    const flag = known[name];
    if (!flag) throw new Error(`unknown flag: --${name}`);
    let value = eq < 0 ? undefined : arg.slice(eq + 1);
    if (value === undefined) value = flag.kind === 'switch' ? 'true' : args[++i];
    if (value === undefined) throw new Error(`flag needs an argument: --${name}`);
    if (!valid(flag.kind, value)) {
      throw new Error(`invalid argument "${value}" for "--${name}" flag: not a ${flag.kind}`);
    }
    all[name] = value;
  }
  const text = (name: string): string => {
    const value = all[name];
    if (value === undefined) throw new Error(`${role} has no flag --${name}`);
    return value;
  };
  return {
    words,
    all,
    text,
    number: (name) => Number(text(name)),
    on: (name) => text(name) === 'true',
    ms: (name) => parseGoDuration(text(name)) ?? 0,
  };
}
