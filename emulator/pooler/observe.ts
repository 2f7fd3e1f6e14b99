/** Reads postgres and turns what it says into the pooler's own state: role, serving, readiness. */
import type { PoolerServingStatus } from '../../controller/topo/types.ts';
import type { Context } from './context.ts';
import { ruleParts } from './messages.ts';
import { readRule } from './rules.ts';
import type { PoolerState } from './state.ts';

/** A server that does not answer this long is not served from. Measured on the runtime: about 7 s until DRAINING. */
const UNANSWERED_MS = 5000;
const QUERY_MS = 2500;

/** The serving status that follows from the state. @param silentMs since when postgres has not answered */
export function servingOf(state: PoolerState, silentMs: number): PoolerServingStatus {
  if (state.stopping) return 'DISABLED';
  if (state.hold) return state.hold;
  if (state.wasReady && (!state.running || silentMs > UNANSWERED_MS)) return 'DRAINING';
  return 'SERVING';
}

/** PRIMARY only as the leader of the committed rule, out of recovery, and not revoked. */
export function roleOf(state: PoolerState): 'PRIMARY' | 'REPLICA' {
  if (state.frozenRole) return state.role;
  if (state.inRecovery === undefined) return state.role;
  const [term] = ruleParts(state.rule?.rule_number);
  const leads = !state.inRecovery && state.isRuleLeader && !state.promoting;
  return leads && term >= state.revokedBelow ? 'PRIMARY' : 'REPLICA';
}

interface ServerRow extends Record<string, unknown> {
  recovery: boolean;
  lsn: string;
  lag_ms: number | null;
}
const SERVER = `SELECT pg_is_in_recovery() AS recovery,
  (CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
    ELSE pg_current_wal_lsn() END)::text AS lsn,
  CASE WHEN pg_is_in_recovery() AND pg_last_wal_replay_lsn() <> pg_last_wal_receive_lsn()
    THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 * 1000 END AS lag_ms`;

export class Observer {
  private readonly ctx: Context;
  private lastAnswer = Date.now();
  private seen = '';

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  async observe(): Promise<void> {
    const { state, pgctld, log } = this.ctx;
    try {
      const ps = await pgctld.status();
      state.hasDataDir = ps.hasDataDir;
      state.running = ps.running;
    } catch (error) {
      log.debug('pgctld does not answer', { error });
      state.running = false;
    }
    if (state.running) await this.ask();
    else {
      for (const sql of [this.ctx.sql, this.ctx.ask, this.ctx.act]) sql.drop();
      state.ready = false;
      state.inRecovery = undefined;
    }
    this.conclude();
  }

  private async ask(): Promise<void> {
    const { state, sql, log } = this.ctx;
    try {
      const row = await sql.one<ServerRow>(SERVER, [], QUERY_MS);
      state.position = (await readRule(sql, QUERY_MS)) ?? state.position;
      state.inRecovery = row.recovery;
      state.lsn = row.lsn;
      state.lagMs = row.lag_ms ?? 0;
      state.ready = true;
      state.wasReady = true;
      this.lastAnswer = Date.now();
      if (state.position) state.initialized = true;
      if (state.resigning && !state.isRuleLeader) state.resigning = false;
    } catch (error) {
      log.debug('postgres does not answer', { error });
      if (Date.now() - this.lastAnswer > UNANSWERED_MS) state.ready = false;
    }
  }

  /** Derives role and serving, and tells who listens when something that matters changed. */
  conclude(): void {
    const { state } = this.ctx;
    state.role = roleOf(state);
    state.serving = servingOf(state, Date.now() - this.lastAnswer);
    const now = JSON.stringify([
      ...[state.role, state.serving, state.running, state.ready, state.inRecovery],
      ...[state.rule?.rule_number, state.rule?.cohort_members, state.resigning, state.promoting],
      ...[state.initialized, state.diverged, state.primary, state.rewindReady, state.hasDataDir],
    ]);
    if (now === this.seen) return;
    this.seen = now;
    state.changed();
  }
}
