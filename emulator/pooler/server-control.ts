/** Steps on the pod's postgres that several actions share. Callers hold the action lock. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { applicationName } from '../ids.ts';
import { sleep } from '../role.ts';
import type { Context } from './context.ts';
import { alterSystem } from './sql.ts';
import type { SyncSettings } from './sync.ts';

/** Limits of stopping postgres, as in the runtime: fast, then immediate. */
const FAST_STOP_MS = 10_000;
const IMMEDIATE_STOP_MS = 5_000;

/** Stops postgres: fast for 10 s, then immediate for 5 s. */
export async function stopPostgres(ctx: Context): Promise<void> {
  for (const sql of [ctx.sql, ctx.ask, ctx.act]) sql.drop();
  if (await ctx.pgctld.stop('fast', FAST_STOP_MS)) return;
  ctx.log.warn('fast stop took too long');
  await ctx.pgctld.stop('immediate', IMMEDIATE_STOP_MS);
}

/** The connection string of a standby, with the runtime's fields in its order. */
export function connInfo(ctx: Context, host: string, port: number): string {
  return (
    `host=${host} port=${port} user=${ctx.layout.user} application_name=${applicationName(ctx.state.id)}` +
    ` dbname=postgres passfile=${ctx.layout.passFile}`
  );
}

/** Lets the standby follow a server; undefined cuts it off. */
export async function follow(
  ctx: Context,
  primary: { host: string; port: number } | undefined,
): Promise<void> {
  const wanted = primary ? connInfo(ctx, primary.host, primary.port) : '';
  const { now } = await ctx.act.one<{ now: string }>(
    `SELECT current_setting('primary_conninfo') AS now`,
  );
  if (now === wanted) return;
  await ctx.act.query(alterSystem('primary_conninfo', wanted));
  await ctx.act.query('SELECT pg_reload_conf()');
}

/** Waits until the WAL receiver has ended and what it received is replayed. @throws Error after 10 s */
export async function settleStandby(ctx: Context): Promise<void> {
  const limit = Date.now() + 10_000;
  while (Date.now() < limit) {
    const row = await ctx.act.one<{ settled: boolean }>(
      `SELECT NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver) AND
         coalesce(pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn(), true) AS settled`,
    );
    if (row.settled) return;
    await sleep(30);
  }
  throw new Error('the standby did not come to rest in 10 s');
}

/** Writes quorum commit with ALTER SYSTEM and reloads. */
export async function applySync(ctx: Context, sync: SyncSettings): Promise<void> {
  await ctx.act.query(alterSystem('synchronous_standby_names', sync.names));
  await ctx.act.query(alterSystem('synchronous_commit', sync.commit));
  await ctx.act.query('SELECT pg_reload_conf()');
}

/** Settings of a data directory that came from another server: it follows `conn` and waits for nobody. */
export function overrideStopped(ctx: Context, conn: string): void {
  const text = `primary_conninfo = '${conn}'\nsynchronous_standby_names = ''\n`;
  appendFileSync(join(ctx.layout.pgData, 'postgresql.auto.conf'), text);
}

/** One query to another pooler's postgres. @param timeoutMs of connecting and of the query */
export async function queryRemote<R extends Record<string, unknown>>(
  ctx: Context,
  host: string,
  port: number,
  text: string,
  timeoutMs = 3000,
): Promise<R[]> {
  const client = new pg.Client({
    ...{ host, port, user: ctx.layout.user, password: ctx.layout.password, database: 'postgres' },
    ...{ connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs },
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<R>(text)).rows;
  } finally {
    client.end().catch(() => {});
  }
}
