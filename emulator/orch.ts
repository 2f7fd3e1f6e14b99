/** multiorch: watches the shards named by --watch-targets and elects their leaders. */
import { messageCodec } from '../controller/proto/load.ts';
import type { Multiorch } from '../controller/topo/types.ts';
import { cellNames, followPoolers } from './control/directory.ts';
import { register } from './control/register.ts';
import { poolerTls, serveGrpc, serverTls, service } from './grpc.ts';
import type { Flags } from './flags.ts';
import { startHttp } from './http.ts';
import { randomServiceId } from './ids.ts';
import { createLog } from './log.ts';
import type { AnalyseOptions } from './orch/finding.ts';
import { ShardKeeper } from './orch/keeper.ts';
import type { ShardKey } from './orch/model.ts';
import { orchService, type Shard } from './orch/service.ts';
import { ShardWatch } from './orch/watch.ts';
import { setting, sleep, untilSignal, type RunRole } from './role.ts';
import { openTopo, orchPath } from './topo.ts';

const codec = messageCodec<Multiorch>('Multiorch');

/** `db/tablegroup/shard`, several with commas. @throws Error naming the part that is wrong */
export function parseWatchTargets(text: string): ShardKey[] {
  const parts = text.split(',').filter((part) => part !== '');
  if (parts.length === 0)
    throw new Error('--watch-targets must name at least one database/tablegroup/shard');
  return parts.map((part) => {
    const [database, tableGroup, shard, ...more] = part.split('/');
    if (!database || !tableGroup || !shard || more.length > 0) {
      throw new Error(`--watch-targets: "${part}" is not database/tablegroup/shard`);
    }
    return { database, tableGroup, shard };
  });
}

/** Silence that counts as loss: kill -9 of a leader was diagnosed after 13 to 19 s on live processes. */
const STALE_MS = 12_000;

function analyseOptions(flags: Flags, env: NodeJS.ProcessEnv): AnalyseOptions {
  return {
    staleMs: setting(env, 'STALE_MS', STALE_MS),
    leaderResponseMs: flags.ms('leader-postgres-response-threshold'),
    removeIneligible: setting(env, 'REMOVE_INELIGIBLE', 0) !== 0,
  };
}

export const runMultiorch: RunRole = async (flags, env) => {
  const cell = flags.text('cell');
  if (!cell) throw new Error('--cell must be set');
  const targets = parseWatchTargets(flags.text('watch-targets'));
  const name = flags.text('service-id') || randomServiceId(Math.random);
  const me = { component: 'MULTIORCH', cell, name } as const;
  const log = createLog(flags.text('log-level'), { service: 'multiorch', cell, id: name });
  const topo = openTopo(flags);
  const stop = new AbortController();
  const tls = poolerTls(flags);
  const shards = targets.map((key): Shard => {
    const watch = new ShardWatch({
      key,
      healthIntervalMs: flags.ms('pooler-health-check-interval'),
      tls,
      log,
      now: Date.now,
    });
    const grace = {
      baseMs: flags.ms('leader-failover-grace-period-base'),
      jitterMs: flags.ms('leader-failover-grace-period-max-jitter'),
    };
    const common = { topo, watch, tls, log, now: Date.now, random: Math.random };
    const keeper = new ShardKeeper({
      key,
      me,
      grace,
      analyse: analyseOptions(flags, env),
      ...common,
    });
    return { key, watch, keeper };
  });
  let registered = false;
  const ready = async (): Promise<boolean> => {
    if (!registered) return false;
    const late = sleep(4000).then(() => false);
    return Promise.race([
      cellNames(topo)
        .then(() => true)
        .catch(() => false),
      late,
    ]);
  };
  const address = flags.text('bind-address');
  await startHttp({
    role: 'multiorch',
    address,
    port: flags.number('http-port'),
    config: flags.all,
    ready,
  });
  const refusing = (): boolean => stop.signal.aborted;
  const serverFiles = serverTls(flags);
  const server = await serveGrpc({
    address: flags.text('grpc-bind-address'),
    port: flags.number('grpc-port'),
    services: [service('MultiorchService', orchService(shards, refusing))],
    refusing,
    ...(serverFiles === undefined ? {} : { tls: serverFiles }),
  });
  const record = {
    id: me,
    hostname: flags.text('hostname'),
    port_map: { grpc: flags.number('grpc-port'), http: flags.number('http-port') },
  };
  const encode = (): Buffer => codec.encode(record);
  const registering = register({ topo, cell, path: orchPath(me), encode, log }, stop.signal).then(
    (done) => (registered = done),
  );
  const following = followPoolers({
    topo,
    log,
    intervalMs: setting(env, 'RECORDS_MS', 400),
    onRecords: (records) => shards.forEach((shard) => shard.watch.update(records)),
    signal: stop.signal,
  });
  const cycling = shards.map((shard) =>
    cycle(shard, flags.ms('recovery-cycle-interval'), stop.signal),
  );
  log.info('multiorch started', { targets: flags.text('watch-targets') });
  await untilSignal();
  stop.abort();
  log.info('shutting down');
  const unregister = registered
    ? topo.cell(cell).then((store) => store.delete(orchPath(me)))
    : Promise.resolve(false);
  await Promise.race([
    Promise.allSettled([unregister, registering, following, ...cycling]),
    sleep(flags.ms('onclose-timeout')),
  ]);
  for (const shard of shards) shard.keeper.close();
  server.stop();
  return 0;
};

async function cycle(shard: Shard, intervalMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await shard.keeper.cycle();
    await sleep(intervalMs, signal);
  }
}
