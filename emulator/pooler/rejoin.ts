/** How a copy that was leader, or wrote what the leader never had, becomes a standby again: pg_rewind. */
import { sleep } from '../role.ts';
import type { Context } from './context.ts';
import { diverged } from './divergence.ts';
import { connInfo, follow, overrideStopped, queryRemote, stopPostgres } from './server-control.ts';

interface TimelineRow extends Record<string, unknown> {
  tli: number;
  lsn: string;
}

const LEADER_TIMELINE = `SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS tli,
  '' AS lsn`;
const OWN_TIMELINE = `SELECT greatest(timeline_id, (SELECT received_tli FROM pg_stat_wal_receiver)) AS tli,
  pg_last_wal_replay_lsn()::text AS lsn FROM pg_control_checkpoint()`;

/** Compares timelines with the leader. @throws Error when the leader does not answer or is in recovery */
export async function hasDiverged(ctx: Context, host: string, port: number): Promise<boolean> {
  const [leader] = await queryRemote<TimelineRow>(ctx, host, port, LEADER_TIMELINE);
  const mine = await ctx.sql.one<TimelineRow>(OWN_TIMELINE, [], 3000);
  if (!leader) throw new Error('no timeline from the leader');
  if (leader.tli === mine.tli) return false;
  const file = `pg_wal/${leader.tli.toString(16).toUpperCase().padStart(8, '0')}.history`;
  const [row] = await queryRemote<{ text: string | null }>(
    ctx,
    host,
    port,
    `SELECT pg_read_file('${file}', true) AS text`,
  );
  return diverged(mine, { tli: leader.tli, history: row?.text ?? '' });
}

/** Stops, rewinds onto the leader and starts as its standby. Holds the action lock. */
async function rewind(ctx: Context, host: string, port: number): Promise<void> {
  const { state, log, pgctld } = ctx;
  state.hold = 'DISABLED';
  state.changed();
  try {
    await stopPostgres(ctx);
    await ctx.observe();
    const output = await pgctld.rewind(host, port);
    log.info('pg_rewind done', { leader: host, output: output.split('\n').at(-1) });
    overrideStopped(ctx, connInfo(ctx, host, port));
    state.hold = 'DRAINING';
    await pgctld.start(true);
    state.diverged = false;
    state.led = false;
    state.keep();
  } finally {
    // Whatever happened, a stopped server is started again by the monitor.
    state.hold = undefined;
    state.frozenRole = false;
    await ctx.observe();
  }
}

/**
 * In the background, once: waits until the leader is out of recovery (a server that is still promoted cannot be
 * rewound onto) and rewinds. Given up after `limitMs`; the monitor tries again.
 */
export class Rejoiner {
  private readonly ctx: Context;
  private working = false;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  start(limitMs = 60_000): void {
    if (this.working) return;
    this.working = true;
    this.work(Date.now() + limitMs)
      .catch((error: unknown) => this.ctx.log.warn('rejoin failed', { error }))
      .finally(() => (this.working = false));
  }

  private async work(limit: number): Promise<void> {
    const { state } = this.ctx;
    while (Date.now() < limit && state.diverged && !state.stopping && !state.manualStop) {
      const to = state.primary;
      if (to?.host && (await this.leads(to.host, to.postgres_port ?? 5432))) {
        const [host, port] = [to.host, to.postgres_port ?? 5432];
        return this.ctx.lock.run(() => rewind(this.ctx, host, port));
      }
      await sleep(300);
    }
  }

  private async leads(host: string, port: number): Promise<boolean> {
    try {
      const [row] = await queryRemote<{ up: boolean }>(
        this.ctx,
        host,
        port,
        'SELECT NOT pg_is_in_recovery() AS up',
      );
      return row?.up ?? false;
    } catch {
      return false;
    }
  }
}

/** For a standby that has a leader but does not stream: sets its connection again, and looks for divergence. */
export async function repairStandby(ctx: Context, rejoiner: Rejoiner): Promise<void> {
  const { state, log } = ctx;
  const { host } = state.primary ?? {};
  const port = state.primary?.postgres_port ?? 5432;
  if (!host || state.manualStop) return;
  if (state.diverged) return rejoiner.start();
  await follow(ctx, { host, port });
  const [row] = await ctx.sql.query<{ status: string }>(
    'SELECT status FROM pg_stat_wal_receiver',
    [],
    3000,
  );
  if (row?.status === 'streaming') return;
  try {
    state.diverged = await hasDiverged(ctx, host, port);
    if (state.diverged) rejoiner.start();
  } catch (error) {
    log.debug('leader not asked for its timeline', { error });
  }
}
