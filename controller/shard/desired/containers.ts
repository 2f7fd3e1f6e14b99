import { nonEmpty } from '../../../schemas/compact.ts';
import type { Container } from '../../../schemas/k8s.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { Pool } from '../../../schemas/types.ts';
import { flags } from '../../builders/args.ts';
import { GRPC_NO_TXT, POD_NAME, POD_NAMESPACE } from '../../builders/env.ts';
import type { Telemetry } from '../../builders/otel.ts';
import { containerPorts } from '../../builders/pod.ts';
import { probes, RUNTIME_PROBES } from '../../builders/probes.ts';
import { EXPORTER_RESOURCES, MULTIPOOLER_RESOURCES } from '../../builders/resources.ts';
import { containerSecurity, RUN_AS } from '../../builders/security.ts';
import type { Tls, TopoTls } from '../../builders/tls.ts';
import { postgresEnv } from './environment.ts';
import { FILES, PATHS } from './paths.ts';
import { postgresResources } from './postgres-sizing.ts';
import type { ShardScope } from './scope.ts';
import { MOUNTS, repositoryMounts, type Mount } from './volumes.ts';

/**
 * Seconds the multipooler may take to stop on SIGTERM. It needs 3 for its clients and 15 to stop
 * Postgres, fast then immediate.
 */
const ONTERM_SECONDS = 35;
/** The runtime's default for writing SHUTDOWN to the topology afterwards. */
const ONCLOSE_SECONDS = 10;
/** pgctld stopping Postgres by itself, if multipooler did not get to it. */
const PGCTLD_SECONDS = 15;

/** Less, and the record that lets a new leader be elected at once would be lost to SIGKILL. */
export const POOL_GRACE_SECONDS = ONTERM_SECONDS + ONCLOSE_SECONDS + PGCTLD_SECONDS;

/**
 * A Postgres that could not be started, rewound or restored for so long, and so many times, is given up by its
 * multipooler: QUARANTINED in the topology, out of the cohort, no further tries, its process still there to be
 * looked at. It is for the operator to replace it. The verdict lasts until the process ends, so it must not come
 * too early: a long replay counts as one attempt at the most, and each attempt that waits for pgctld takes 30 s. The
 * runtime takes at most 9 and has it switched off.
 */
const GIVE_UP_AFTER = '5m';
const GIVE_UP_ATTEMPTS = 9;

/** Ports by which peers, the orchestrator and the gateways reach one pooler. */
export const PEER_PORTS = { ...PORTS.multipooler, pgbackrest: PORTS.pgbackrest.tls };

/** Multipooler's own administrative connections. */
const ADMIN_CONNECTIONS = 5;
/** Kept free for superuser_reserved_connections (3), the exporter, pgBackRest and people. */
const SPARE_CONNECTIONS = 15;

/** Connections that multipooler may open for clients: what Postgres allows less what others need. */
const poolCapacity = (maxConnections: number): number =>
  Math.max(maxConnections - ADMIN_CONNECTIONS - SPARE_CONNECTIONS, ADMIN_CONNECTIONS);

interface Users {
  readonly user: number;
  readonly group: number;
}

/**
 * 999 whatever the image (images name their user, which cannot pass `runAsNonRoot`), unless the
 * pool says otherwise. multipooler follows postgres: they share the data directory.
 */
export const poolUsers = (pool: Pool): { postgres: Users; multipooler: Users } => {
  const postgres = {
    user: pool.postgres?.runAsUser ?? RUN_AS.postgres,
    group: pool.postgres?.runAsGroup ?? RUN_AS.postgres,
  };
  return {
    postgres,
    multipooler: {
      user: pool.multipooler?.runAsUser ?? postgres.user,
      group: pool.multipooler?.runAsGroup ?? postgres.group,
    },
  };
};

const backupMounts = (scope: ShardScope): Mount[] =>
  scope.spec.backup === undefined
    ? []
    : [...repositoryMounts(scope.spec.backup), MOUNTS.pgbackrest];

/**
 * Starts pgctld without the lock files that a Postgres killed with -9 left on the volume. They name a process by
 * its number, and numbers are given out anew in each container: where some other process has it by now, pgctld
 * takes Postgres for running, and never starts it (seen with the real runtime, 1 of 3 kills).
 *
 * Nothing is lost by it. Whatever runs in this container began after this line, and the last container of the pod
 * is gone with all its processes, or the kubelet would not have started this one. A Postgres of another container
 * is not kept off by the files either: its number means nothing here, so Postgres itself removes them as stale.
 * What keeps two of them off one volume is that a claim has one pod of one name, also where it could be
 * mounted on many nodes.
 *
 * pg_ctl needs /bin/sh too, so every image has it. After `exec` pgctld is process 1, as it must be to reap Postgres.
 */
const START = [
  '/bin/sh',
  '-c',
  `rm -f "${PATHS.pgdata}/postmaster.pid" "${PATHS.postgresSocket}.lock"; exec "$0" "$@"`,
  '/usr/local/bin/pgctld',
];

/**
 * pgctld with Postgres under it, as a native sidecar: it starts before multipooler and is stopped
 * after it, because multipooler stops Postgres through it.
 */
export const postgresContainer = (scope: ShardScope, pool: Pool, otel: Telemetry): Container => {
  const { spec } = scope;
  const { user, group } = poolUsers(pool).postgres;
  return {
    name: 'postgres',
    image: spec.images.postgres,
    imagePullPolicy: scope.pull.policy,
    restartPolicy: 'Always',
    // The image's own entry point only sleeps.
    command: START,
    args: [
      'server',
      ...flags({
        'pooler-dir': PATHS.pooler,
        'grpc-port': PORTS.pgctld.grpc,
        'http-port': PORTS.pgctld.http,
        'pg-port': PORTS.multipooler.postgres,
        'pg-listen-addresses': '*',
        'grpc-socket-file': PATHS.pgctldSocket,
        'pg-hba-template': `${PATHS.hba}/${FILES.hba}`,
        'log-level': spec.logLevels?.pgctld ?? 'info',
        ...(spec.backup !== undefined && {
          'pgbackrest-cert-dir': PATHS.pgbackrest,
          'pgbackrest-port': PORTS.pgbackrest.tls,
        }),
      }),
    ],
    env: [
      ...postgresEnv(scope),
      ...(spec.initdbArgs ? [{ name: 'POSTGRES_INITDB_ARGS', value: spec.initdbArgs }] : []),
      { name: 'POSTGRES_INITDB_EXTRA_CONF', value: `${PATHS.config}/${FILES.config}` },
      ...otel.env,
      GRPC_NO_TXT,
    ],
    ...probes(PORTS.pgctld.http, RUNTIME_PROBES),
    resources: postgresResources(pool),
    securityContext: containerSecurity(user, group),
    volumeMounts: [
      MOUNTS.data,
      MOUNTS.sharedMemory,
      ...backupMounts(scope),
      MOUNTS.hba,
      MOUNTS.password,
      MOUNTS.config,
      ...otel.mounts,
    ],
  };
};

interface PoolerParts {
  readonly cell: string;
  readonly serviceId: string;
  readonly otel: Telemetry;
  readonly tls: Tls;
  readonly topo: TopoTls;
}

/** Ready means that its gRPC port answers: an unhealthy Postgres must stay reachable for multiorch. */
export const multipoolerContainer = (
  scope: ShardScope,
  pool: Pool,
  parts: PoolerParts,
): Container => {
  const { spec } = scope;
  const { backup } = spec;
  const encrypted = backup?.encryption !== undefined;
  const { user, group } = poolUsers(pool).multipooler;
  const { http, grpc, postgres } = PORTS.multipooler;
  return {
    name: 'multipooler',
    image: spec.images.multipooler,
    imagePullPolicy: scope.pull.policy,
    // The image has no entry point: the first argument is the program.
    args: [
      'multipooler',
      ...flags({
        'http-port': http,
        'grpc-port': grpc,
        'pooler-dir': PATHS.pooler,
        'socket-file': PATHS.postgresSocket,
        'topo-global-server-addresses': spec.globalTopoServer.address,
        'topo-global-root': spec.globalTopoServer.rootPath,
        cell: parts.cell,
        database: spec.databaseName,
        'table-group': spec.tableGroupName,
        shard: spec.shardName,
        'service-id': parts.serviceId,
        // The Service of this one pod: its address outlives the pod's, so peers reconnect at once.
        hostname: '$(POD_NAME).$(POD_NAMESPACE).svc',
        'pgctld-addr': `localhost:${PORTS.pgctld.grpc}`,
        'pg-port': postgres,
        'connpool-global-capacity': poolCapacity(scope.config.maxConnections),
        'connpool-admin-capacity': ADMIN_CONNECTIONS,
        'onterm-timeout': `${ONTERM_SECONDS}s`,
        'postgres-unrecoverable-timeout': GIVE_UP_AFTER,
        'postgres-unrecoverable-min-attempts': GIVE_UP_ATTEMPTS,
        'log-level': spec.logLevels?.multipooler ?? 'info',
        ...(backup !== undefined && {
          'pgbackrest-cert-file': `${PATHS.pgbackrest}/pgbackrest.crt`,
          'pgbackrest-key-file': `${PATHS.pgbackrest}/pgbackrest.key`,
          'pgbackrest-ca-file': `${PATHS.pgbackrest}/ca.crt`,
        }),
        ...(encrypted && { 'pgbackrest-cipher-key-file': `${PATHS.cipher}/${FILES.cipher}` }),
      }),
      ...parts.topo.args,
      ...parts.tls.args,
    ],
    env: [
      POD_NAME,
      POD_NAMESPACE,
      ...postgresEnv(scope),
      ...parts.topo.env,
      ...parts.otel.env,
      GRPC_NO_TXT,
    ],
    // Those of Postgres and pgBackRest too: Services find ports by name only in these containers.
    ports: containerPorts(PEER_PORTS),
    ...probes(http, RUNTIME_PROBES),
    resources: nonEmpty(pool.multipooler?.resources) ?? MULTIPOOLER_RESOURCES,
    securityContext: containerSecurity(user, group),
    volumeMounts: [
      MOUNTS.data,
      ...backupMounts(scope),
      MOUNTS.password,
      ...(encrypted ? [MOUNTS.cipher] : []),
      ...parts.topo.mounts,
      ...parts.tls.mounts,
      ...parts.otel.mounts,
    ],
  };
};

/**
 * No probes on purpose: metrics that fail must neither make the pod unready nor restart anything.
 * It connects as the superuser, the only role that exists in every cluster.
 */
export const exporterContainer = (scope: ShardScope): Container => ({
  name: 'postgres-exporter',
  image: scope.ctx.images.exporter,
  imagePullPolicy: scope.pull.policy,
  args: flags({
    'web.listen-address': `:${PORTS.exporter.metrics}`,
    'extend.query-path': `${PATHS.queries}/${FILES.queries}`,
  }),
  env: [
    {
      name: 'DATA_SOURCE_URI',
      value:
        `localhost:${PORTS.multipooler.postgres}/postgres` +
        '?sslmode=disable&connect_timeout=5&options=-c%20statement_timeout%3D8s',
    },
    { name: 'DATA_SOURCE_USER', value: scope.superuser },
    { name: 'DATA_SOURCE_PASS_FILE', value: `${PATHS.password}/${FILES.password}` },
  ],
  ports: containerPorts(PORTS.exporter),
  resources: EXPORTER_RESOURCES,
  securityContext: containerSecurity(RUN_AS.postgres),
  volumeMounts: [MOUNTS.password, MOUNTS.queries],
});
