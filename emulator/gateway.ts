/** multigateway: PostgreSQL connections go to the primary (--pg-port) or to a standby (--pg-replica-port). */
import { connect, createServer, type Server } from 'node:net';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { messageCodec } from '../controller/proto/load.ts';
import type { Multigateway } from '../controller/topo/types.ts';
import { followPoolers } from './control/directory.ts';
import { register } from './control/register.ts';
import type { Flags } from './flags.ts';
import { Router, type PortKind } from './gateway/router.ts';
import type { RoutePooler } from './gateway/routes.ts';
import { Session } from './gateway/session.ts';
import { poolerTls, serveGrpc, serverTls } from './grpc.ts';
import { startHttp } from './http.ts';
import { randomServiceId } from './ids.ts';
import { createLog } from './log.ts';
import { setting, sleep, untilSignal, type RunRole } from './role.ts';
import { gatewayPath, openTopo, type Topo } from './topo.ts';

const codec = messageCodec<Multigateway>('Multigateway');
/** The runtime's gateway ends itself when it could not register for this long. */
const REGISTER_WITHIN_MS = 10_000;

export const runMultigateway: RunRole = async (flags, env) => {
  const cell = flags.text('cell');
  if (!cell) throw new Error('--cell must be set');
  const name = flags.text('service-id') || randomServiceId(Math.random);
  const id = { component: 'MULTIGATEWAY', cell, name } as const;
  const log = createLog(flags.text('log-level'), { service: 'multigateway', cell, id: name });
  const topo = openTopo(flags);
  const stop = new AbortController();
  const router = new Router(routerOptions(flags, cell, log));
  let registered = false;
  const ready = (): boolean => registered && router.discovered() > 0;
  const address = flags.text('bind-address');
  await startHttp({
    role: 'multigateway',
    address,
    port: flags.number('http-port'),
    config: flags.all,
    ready,
  });
  const tls = serverTls(flags);
  const grpc = await serveGrpc({
    address: flags.text('grpc-bind-address'),
    port: flags.number('grpc-port'),
    services: [],
    refusing: () => stop.signal.aborted,
    ...(tls === undefined ? {} : { tls }),
  });
  const following = followPoolers({
    topo,
    log,
    intervalMs: setting(env, 'RECORDS_MS', 400),
    onRecords: (records) => router.update(records),
    signal: stop.signal,
  });
  const doors = openDoors(flags, router);
  await Promise.all(doors.servers);
  const encode = async (): Promise<Buffer> =>
    codec.encode({ ...record(flags), id, pid_prefix: await freePidPrefix(topo, cell) });
  const registering = register({ topo, cell, path: gatewayPath(id), encode, log }, stop.signal);
  const late = sleep(setting(env, 'REGISTER_MS', REGISTER_WITHIN_MS), stop.signal).then(
    () => false,
  );
  registered = await Promise.race([registering, late, untilSignal().then(() => false)]);
  if (!registered) {
    log.error('could not register in topology, giving up');
    return 1;
  }
  await untilSignal();
  log.info('entering lameduck mode');
  await sleep(flags.ms('lameduck-period'));
  log.info('shutting down');
  for (const server of await Promise.all(doors.servers)) server.close();
  await topo
    .cell(cell)
    .then((store) => store.delete(gatewayPath(id)))
    .catch(() => false);
  await Promise.race([doors.empty(), sleep(flags.ms('onclose-timeout'))]);
  router.close();
  stop.abort();
  await following;
  grpc.stop();
  return 0;
};

function routerOptions(
  flags: Flags,
  cell: string,
  log: ReturnType<typeof createLog>,
): ConstructorParameters<typeof Router>[0] {
  return {
    buffer: {
      enabled: flags.on('buffer-enabled'),
      windowMs: flags.ms('buffer-window'),
      maxFailoverMs: flags.ms('buffer-max-failover-duration'),
      minBetweenMs: flags.ms('buffer-min-time-between-failovers'),
      size: flags.number('buffer-size'),
    },
    replica: {
      cell,
      lowLagMs: flags.number('low-replication-lag-ms'),
      highLagMs: flags.number('high-replication-lag-tolerance-ms'),
    },
    tls: poolerTls(flags),
    log,
    now: Date.now,
    random: Math.random,
  };
}

function record(flags: Flags): Multigateway {
  const ports: Record<string, number> = {
    grpc: flags.number('grpc-port'),
    http: flags.number('http-port'),
    postgres: flags.number('pg-port'),
  };
  if (flags.number('pg-replica-port') > 0)
    ports['postgres_replica'] = flags.number('pg-replica-port');
  return { hostname: flags.text('hostname'), port_map: ports };
}

/** A number of 12 bits that no other gateway of the cell has. */
async function freePidPrefix(topo: Topo, cell: string): Promise<number> {
  const others = await (await topo.cell(cell)).list('gateways/');
  const taken = new Set(others.map((o) => codec.decode(o.value).pid_prefix));
  let prefix = 0;
  do prefix = 1 + Math.floor(Math.random() * 4095);
  while (taken.has(prefix));
  return prefix;
}

function publicTls(flags: Flags): SecureContext | undefined {
  const cert = flags.text('pg-tls-cert-file');
  if (!cert) return undefined;
  return createSecureContext({
    cert: readFileSync(cert),
    key: readFileSync(flags.text('pg-tls-key-file')),
  });
}

/** The listening ports and the sessions behind them. */
function openDoors(
  flags: Flags,
  router: Router,
): { servers: Promise<Server>[]; empty(): Promise<void> } {
  const sessions = new Set<Session>();
  const keys = new Map<string, RoutePooler>();
  const tls = publicTls(flags);
  const cancel = (key: string, packet: Buffer): void => {
    const owner = keys.get(key);
    for (const pooler of owner === undefined ? router.everyone() : [owner])
      sendOnce(pooler, packet);
  };
  router.onLeave = (pooler, kind, why) => {
    const gone = why.code === '57014' || why.code === '08006';
    for (const session of sessions)
      if (session.kind === kind && session.poolerId === pooler) session.leave(why, gone);
  };
  const open = (kind: PortKind, port: number): Promise<Server> => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      const session = new Session(
        socket,
        {
          kind,
          router,
          tls,
          requireTls: flags.on('pg-require-ssl'),
          statementTimeoutMs: flags.ms('statement-timeout'),
          authenticationTimeoutMs: flags.ms('authentication-timeout'),
          rememberKey: (key, pooler) =>
            void (pooler === undefined ? keys.delete(key) : keys.set(key, pooler)),
          cancel,
        },
        () => sessions.delete(session),
      );
      sessions.add(session);
      void session.run();
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, flags.text('pg-bind-address'), () => resolve(server));
    });
  };
  const servers = [open('primary', flags.number('pg-port'))];
  if (flags.number('pg-replica-port') > 0)
    servers.push(open('replica', flags.number('pg-replica-port')));
  const empty = async (): Promise<void> => {
    while (sessions.size > 0) await sleep(100);
  };
  return { servers, empty };
}

function sendOnce(pooler: RoutePooler, packet: Buffer): void {
  const socket = connect({ host: pooler.host, port: pooler.port }, () => socket.end(packet));
  socket.on('error', () => socket.destroy());
}
