/** multipooler: one copy of the shard. Registers, keeps its postgres as it should be, answers the management calls. */
import { hostname as systemName } from 'node:os';
import { codecs } from '../controller/topo/codec.ts';
import type { Flags } from './flags.ts';
import { serverTls, service, serveGrpc, unary, type GrpcServer } from './grpc.ts';
import { startHttp } from './http.ts';
import { randomServiceId } from './ids.ts';
import { HEALTH_SERVICE } from './internal.ts';
import { createLog } from './log.ts';
import { prepareFolders, readLayout } from './pgctld/layout.ts';
import { Backrest } from './pooler/backrest.ts';
import { updateRule } from './pooler/cohort.ts';
import { Consensus } from './pooler/consensus.ts';
import { ActionLock, Pgctld, type Context } from './pooler/context.ts';
import { drainClients, execute, managerCalls } from './pooler/manager.ts';
import { Monitor } from './pooler/monitor.ts';
import { Observer } from './pooler/observe.ts';
import { RecordPublisher } from './pooler/record.ts';
import { Rejoiner } from './pooler/rejoin.ts';
import { stopPostgres } from './pooler/server-control.ts';
import { Sql } from './pooler/sql.ts';
import { PoolerState } from './pooler/state.ts';
import { buildStatus } from './pooler/status.ts';
import { gatewayHealthStream, managerHealthStream } from './pooler/streams.ts';
import { setting, sleep, untilSignal, type RunRole } from './role.ts';
import { databasePath, openTopo } from './topo.ts';

/** A pooler gives up when its Database record is not there after this time. */
const DATABASE_WAIT_MS = 300_000;

function createContext(flags: Flags, env: NodeJS.ProcessEnv): Context {
  if (flags.text('table-group') !== 'default' || flags.text('shard') !== '0-inf') {
    throw new Error('only table group "default" and shard "0-inf" are supported');
  }
  for (const name of ['cell', 'database'])
    if (!flags.text(name)) throw new Error(`--${name} must be set`);
  const layout = readLayout(flags.text('pooler-dir'), flags.number('pg-port'), env);
  prepareFolders(layout);
  const name = flags.text('service-id') || randomServiceId(Math.random);
  const shardKey = {
    database: flags.text('database'),
    table_group: flags.text('table-group'),
    shard: flags.text('shard'),
  };
  const state = new PoolerState({
    id: { component: 'MULTIPOOLER', cell: flags.text('cell'), name },
    shardKey,
    hostname: flags.text('hostname') || systemName(),
    portMap: {
      grpc: flags.number('grpc-port'),
      http: flags.number('http-port'),
      postgres: flags.number('pg-port'),
      pgbackrest: flags.number('pgbackrest-port'),
    },
    dir: layout.poolerDir,
  });
  const log = createLog(flags.text('log-level'), {
    ...{ service: 'multipooler', service_id: name, cell: flags.text('cell') },
    shard: Object.values(shardKey).join('/'),
  });
  const cipherKeyFile =
    flags.text('pgbackrest-cipher-key-file') || (env['MULTIGRES_PGBACKREST_CIPHER_KEY_FILE'] ?? '');
  const ctx: Context = {
    ...{ flags, layout, log, state },
    sql: new Sql(layout, 'multipooler'),
    ask: new Sql(layout, 'multipooler-status'),
    act: new Sql(layout, 'multipooler-action'),
    pgctld: new Pgctld(flags.text('pgctld-addr')),
    backrest: new Backrest({ layout, env, cipherKeyFile }),
    topo: openTopo(flags),
    lock: new ActionLock(),
    observe: () => observer.observe(),
  };
  const observer = new Observer(ctx);
  return ctx;
}

/** Reads the Database record, waiting for it with a growing pause. @throws Error after 5 minutes */
async function awaitDatabase(ctx: Context): Promise<void> {
  const limit = Date.now() + DATABASE_WAIT_MS;
  for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
    try {
      const found = await ctx.topo.global.get(databasePath(ctx.state.shardKey.database ?? ''));
      if (!found) throw new Error('no Database record');
      ctx.backrest.configure(codecs.Database.decode(found.value).backup_location ?? {});
      return;
    } catch (error) {
      if (Date.now() > limit) throw error;
      ctx.log.info('waiting for the Database record', { error });
      await sleep(pause);
    }
  }
}

function serve(ctx: Context, rejoiner: Rejoiner): Promise<GrpcServer> {
  const { flags, state } = ctx;
  const refusing = (): boolean => state.stopping;
  const consensus = new Consensus(ctx, rejoiner);
  const calls = Object.entries(managerCalls(ctx)).map(([name, handle]) => [
    name,
    unary(handle, refusing),
  ]);
  const tls = serverTls(flags);
  return serveGrpc({
    address: flags.text('grpc-bind-address'),
    port: flags.number('grpc-port'),
    refusing,
    ...(tls ? { tls } : {}),
    services: [
      service('MultipoolerManager', {
        ...Object.fromEntries(calls),
        Status: unary(() => buildStatus(ctx), refusing),
        ManagerHealthStream: managerHealthStream({
          status: () => buildStatus(ctx),
          onChange: (listener) => state.onChange(listener),
          refusing,
        }),
      }),
      service('MultipoolerConsensus', {
        UpdateConsensusRule: unary((q: object) => updateRule(ctx, q), refusing),
        Recruit: unary((q: object) => consensus.recruit(q), refusing),
        Promote: unary((q: object) => consensus.promote(q), refusing),
        SetPrimary: unary((q: object) => consensus.setPrimary(q), refusing),
      }),
      service('MultipoolerService', {
        ExecuteQuery: unary((q: { query?: string }) => execute(ctx, q), refusing),
      }),
      { definition: HEALTH_SERVICE, implementation: { streamHealth: gatewayHealthStream(ctx) } },
    ],
  });
}

/** The end of a pooler that was told to stop: drain, stop postgres, write SHUTDOWN. */
async function shutDown(
  ctx: Context,
  publisher: RecordPublisher,
  server: GrpcServer,
): Promise<void> {
  const { state, flags, log } = ctx;
  const leading = state.role === 'PRIMARY';
  state.frozenRole = true;
  state.stopping = true;
  state.serving = 'DISABLED';
  state.eligible = false;
  state.setLifecycle('LIFECYCLE_STOPPING', 'shutting down');
  try {
    if (leading && state.ready) await drainClients(ctx, flags.ms('connpool-drain-grace-period'));
    await stopPostgres(ctx);
  } catch (error) {
    log.warn('postgres not stopped cleanly', { error });
  }
  server.stop();
  state.setLifecycle('LIFECYCLE_SHUTDOWN', 'pooler shutdown');
  await Promise.race([publisher.publish(), sleep(flags.ms('onclose-timeout'))]);
  log.info('graceful shutdown sequence complete');
}

export const runMultipooler: RunRole = async (flags, env) => {
  const ctx = createContext(flags, env);
  const { state, log } = ctx;
  const stop = untilSignal();
  let server: GrpcServer | undefined;
  await startHttp({
    role: 'multipooler',
    address: flags.text('bind-address'),
    port: flags.number('http-port'),
    config: flags.all,
    ready: () => server?.accepting() ?? false,
  });
  const publisher = new RecordPublisher(ctx, setting(env, 'PUBLISH_RETRY_MS', 2000));
  const started = awaitDatabase(ctx).then(() => publisher.publish());
  if (await Promise.race([started.then(() => false), stop.then(() => true)])) return 0;
  state.onChange(() => void publisher.publish());
  const rejoiner = new Rejoiner(ctx);
  await ctx.observe();
  state.initialized = state.hasDataDir;
  server = await serve(ctx, rejoiner);
  log.info('multipooler serving', { hostname: state.hostname });
  const ended = new AbortController();
  const monitor = new Monitor(ctx, rejoiner, {
    intervalMs: setting(env, 'MONITOR_MS', 5000),
    unrecoverableMs: flags.ms('postgres-unrecoverable-timeout'),
    minAttempts: flags.number('postgres-unrecoverable-min-attempts'),
  });
  const work = [
    monitor.run(ended.signal),
    watch(ctx, setting(env, 'OBSERVE_MS', 1000), ended.signal),
  ];
  const signal = await stop;
  log.info('stopping', { signal });
  ended.abort();
  void Promise.allSettled(work);
  await Promise.race([shutDown(ctx, publisher, server), sleep(flags.ms('onterm-timeout'))]);
  return 0;
};

/** Observes at a steady pace until the signal. */
async function watch(ctx: Context, intervalMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(intervalMs, signal);
    if (!signal.aborted) await ctx.observe();
  }
}
