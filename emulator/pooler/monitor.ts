/** The pooler's own repairs: every 5 s after the end of the last round it brings postgres to where it should be. */
import { sleep } from '../role.ts';
import { clearUnfinished, fillDataDir } from './bootstrap.ts';
import type { Context } from './context.ts';
import { repairStandby, type Rejoiner } from './rejoin.ts';

export interface MonitorOptions {
  /** Pause between two rounds in ms; 5000 in the runtime. */
  intervalMs: number;
  /** --postgres-unrecoverable-timeout in ms, 0 = never give up. */
  unrecoverableMs: number;
  /** --postgres-unrecoverable-min-attempts */
  minAttempts: number;
}

export class Monitor {
  private readonly ctx: Context;
  private readonly o: MonitorOptions;
  private readonly rejoiner: Rejoiner;
  private failures = { since: 0, attempts: 0 };

  constructor(ctx: Context, rejoiner: Rejoiner, options: MonitorOptions) {
    this.ctx = ctx;
    this.rejoiner = rejoiner;
    this.o = options;
  }

  /** Runs until the signal. The first round comes one interval after the start. */
  async run(signal: AbortSignal): Promise<void> {
    const { state, log, lock } = this.ctx;
    while (!signal.aborted) {
      await sleep(this.o.intervalMs, signal);
      if (signal.aborted || lock.busy || state.lifecycle.status === 'LIFECYCLE_QUARANTINED')
        continue;
      try {
        await lock.run(() => this.round());
      } catch (error) {
        log.warn('MonitorPostgres failed', { error });
      }
    }
  }

  private async round(): Promise<void> {
    const { ctx } = this;
    const { state, pgctld } = ctx;
    if (state.stopping || !state.restartsEnabled) return;
    await clearUnfinished(ctx);
    const status = await pgctld.status();
    if (!status.hasDataDir) return fillDataDir(ctx);
    if (!status.running) return this.startStandby();
    await ctx.observe();
    if (!state.ready) return;
    this.failures = { since: 0, attempts: 0 };
    if (state.lifecycle.status === 'LIFECYCLE_STARTING') {
      state.setLifecycle('LIFECYCLE_ACTIVE', 'pooler active');
    }
    if (state.inRecovery) await this.standby();
  }

  private async standby(): Promise<void> {
    const { state } = this.ctx;
    if (state.isRuleLeader && !state.primary && !state.resigning) {
      // The database names this copy as leader, but it came back as a standby: somebody else must lead.
      state.resigning = true;
      state.changed();
    }
    await repairStandby(this.ctx, this.rejoiner);
  }

  /** A stopped postgres always comes back as a standby, never as a writable primary. */
  private async startStandby(): Promise<void> {
    const { ctx } = this;
    const { state, pgctld } = ctx;
    // Stays DRAINING after a start that failed: the next attempt is one round away.
    state.hold = 'DRAINING';
    state.setAction('STARTING');
    try {
      await pgctld.start(true);
      await ctx.observe();
      if (state.isRuleLeader) {
        state.primary = undefined;
        state.rewindReady = false;
        state.keep();
      }
      state.hold = undefined;
      this.failures = { since: 0, attempts: 0 };
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      state.setAction(undefined);
      await ctx.observe();
    }
  }

  private failed(error: unknown): void {
    const { state, log } = this.ctx;
    if (this.failures.attempts === 0) this.failures.since = Date.now();
    this.failures.attempts++;
    const elapsed = Date.now() - this.failures.since;
    const { unrecoverableMs, minAttempts } = this.o;
    if (unrecoverableMs <= 0 || elapsed < unrecoverableMs || this.failures.attempts < minAttempts)
      return;
    const message = error instanceof Error ? error.message : String(error);
    const text = message.replace(/^2 UNKNOWN: /, 'rpc error: code = Unknown desc = ');
    const reason =
      `postgres failed to recover for ${Math.round(elapsed / 1000)}s across ${this.failures.attempts} attempts ` +
      `(last error: MonitorPostgres: failed to start PostgreSQL: ${text})`;
    log.error('quarantined', { reason });
    state.eligible = false;
    state.hold = 'DRAINING';
    state.serving = 'DRAINING';
    state.setLifecycle('LIFECYCLE_QUARANTINED', reason);
  }
}
