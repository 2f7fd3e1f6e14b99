/** The management calls: resigning, pausing replication, configuration, backups. */
import { timeMessage } from '../../controller/proto/time.ts';
import { RpcError, status } from '../grpc.ts';
import { sleep } from '../role.ts';
import { listBackups, takeBackup, type BackupRequest } from './backups.ts';
import { requireRole } from './require-role.ts';
import type { Context } from './context.ts';
import { follow, stopPostgres } from './server-control.ts';

/** How long open transactions may end by themselves before a planned switch kills them. */
const WRITERS_MS = 5000;

const CLIENTS = `pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND application_name NOT LIKE 'multipooler%' AND datname IS NOT NULL`;

/** Waits for open transactions of clients, then ends their connections. @param graceMs at most this long */
export async function drainClients(ctx: Context, graceMs: number): Promise<void> {
  const limit = Date.now() + graceMs;
  while (Date.now() < limit) {
    const row = await ctx.act.one<{ busy: number }>(
      `SELECT count(*)::int AS busy FROM pg_stat_activity WHERE ${CLIENTS} AND state <> 'idle'`,
      [],
      2000,
    );
    if (row.busy === 0) break;
    await sleep(50);
  }
  await ctx.act.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${CLIENTS}`,
    [],
    2000,
  );
}

/** One statement as the superuser. The result is not sent. */
export async function execute(ctx: Context, { query }: { query?: string }): Promise<object> {
  if (!query) throw new RpcError(status.INVALID_ARGUMENT, 'query is required');
  await ctx.act.query(query);
  return {};
}

/** A planned switch, first half: the leader turns itself into a standby and asks to be replaced. */
export function resignLeadership(ctx: Context): Promise<{ flush_lsn: string }> {
  const { state, pgctld, log } = ctx;
  return ctx.lock.run(async () => {
    await requireRole(ctx, 'primary');
    state.frozenRole = true;
    state.plannedFailover = true;
    state.hold = 'DRAINING';
    try {
      await ctx.observe();
      await drainClients(ctx, Math.max(ctx.flags.ms('connpool-drain-grace-period'), WRITERS_MS));
      const { lsn } = await ctx.act.one<{ lsn: string }>(
        'SELECT pg_current_wal_flush_lsn()::text AS lsn',
      );
      state.resigning = true;
      state.changed();
      await stopPostgres(ctx);
      await pgctld.start(true);
      state.primary = undefined;
      state.rewindReady = false;
      state.keep();
      log.info('leadership resigned', { flush_lsn: lsn });
      return { flush_lsn: lsn };
    } finally {
      state.frozenRole = false;
      state.plannedFailover = false;
      state.hold = undefined;
      await ctx.observe();
    }
  });
}

/** @param mode REPLICATION_PAUSE_MODE_*; absent = REPLAY_ONLY, the enum's zero */
export function stopReplication(ctx: Context, mode: string | undefined): Promise<object> {
  const { state } = ctx;
  return ctx.lock.run(async () => {
    await requireRole(ctx, 'standby');
    const receiver = mode?.includes('RECEIVER') ?? false;
    const replay = mode === undefined || mode.includes('REPLAY');
    state.manualStop = true;
    state.changed();
    if (receiver) await follow(ctx, undefined);
    if (replay) await ctx.act.query('SELECT pg_wal_replay_pause()');
    return {};
  });
}

export function startReplication(ctx: Context): Promise<object> {
  const { state } = ctx;
  return ctx.lock.run(async () => {
    await requireRole(ctx, 'standby');
    state.manualStop = false;
    await ctx.act.query('SELECT pg_wal_replay_resume()');
    if (state.primary?.host) {
      await follow(ctx, { host: state.primary.host, port: state.primary.postgres_port ?? 5432 });
    }
    state.changed();
    return {};
  });
}

interface FileSetting extends Record<string, unknown> {
  name: string;
  setting: string | null;
}

const IN_FILES = `SELECT DISTINCT ON (lower(name)) lower(name) AS name, setting FROM pg_file_settings
  WHERE sourcefile NOT LIKE '%postgresql.auto.conf' ORDER BY lower(name), seqno DESC`;

/** Reloads when every expected value is in the files; says which are not, or need a restart. */
export async function reloadConfig(
  ctx: Context,
  expected: Record<string, string>,
): Promise<object> {
  if (!ctx.state.ready) throw new RpcError(status.UNAVAILABLE, 'PostgreSQL is not ready');
  return ctx.lock.run(async () => {
    const files = await ctx.act.query<FileSetting>(IN_FILES, [], 5000);
    const values = new Map(files.map((row) => [row.name, row.setting]));
    const missing = Object.entries(expected).filter(
      ([name, value]) => values.get(name.toLowerCase()) !== value,
    );
    if (missing.length > 0) return { mismatches: missing.map(([name]) => ({ name })) };
    const loaded = `SELECT extract(epoch FROM pg_conf_load_time())::float8 * 1000 AS at`;
    const before = (await ctx.act.one<{ at: number }>(loaded)).at;
    await ctx.act.query('SELECT pg_reload_conf()');
    const limit = Date.now() + 5000;
    let at = before;
    while (at <= before && Date.now() < limit) {
      await sleep(20);
      ({ at } = await ctx.act.one<{ at: number }>(loaded, [], 2000));
    }
    if (at <= before) throw new Error('PostgreSQL did not confirm the reload in 5 s');
    const names = Object.keys(expected).map((name) => name.toLowerCase());
    const pending = await ctx.act.query<{ name: string }>(
      'SELECT name FROM pg_settings WHERE pending_restart AND name = ANY($1)',
      [names],
    );
    if (pending.length === 0) return { config_load_time: timeMessage(at) };
    return {
      needs_restart: true,
      mismatches: pending.map(({ name }) => ({ name, requires_restart: true })),
    };
  });
}

/** Handlers of MultipoolerManager but for Status and the health stream. */
export function managerCalls(ctx: Context): Record<string, (request: never) => Promise<object>> {
  return {
    ReloadConfig: (q: { expected_settings?: Record<string, string> }) =>
      reloadConfig(ctx, q.expected_settings ?? {}),
    ResignLeadership: () => resignLeadership(ctx),
    StopReplication: (q: { mode?: string }) => stopReplication(ctx, q.mode),
    StartReplication: () => startReplication(ctx),
    SetPostgresRestartsEnabled: async (q: { enabled?: boolean }) => {
      ctx.state.restartsEnabled = q.enabled ?? false;
      return Promise.resolve({});
    },
    Backup: (q: BackupRequest) => takeBackup(ctx, q),
    GetBackups: async (q: { limit?: number }) => ({
      backups: await listBackups(ctx, q.limit ?? 0),
    }),
    GetBackupByJobId: async (q: { job_id?: string }) => {
      const found = (await listBackups(ctx, 0)).find((b) => b['job_id'] === q.job_id);
      if (!found) throw new RpcError(status.NOT_FOUND, `no backup with job id ${q.job_id}`);
      return { backup: found };
    },
  };
}
