/** The consensus calls: promises to coordinators, promotion, following a leader, changes of the cohort. */
import { timeMessage } from '../../controller/proto/time.ts';
import { RpcError, status } from '../grpc.ts';
import { RULE_WRITE_MS } from './cohort.ts';
import type { Context } from './context.ts';
import {
  compareRuleNumbers,
  ruleParts,
  sameId,
  type PromoteRequest,
  type RecruitRequest,
  type SetPrimaryRequest,
  type ShardRule,
} from './messages.ts';
import type { Rejoiner } from './rejoin.ts';
import { readRule, writeRule } from './rules.ts';
import { applySync, follow, settleStandby, stopPostgres } from './server-control.ts';
import { alterSystem } from './sql.ts';
import { consensusStatus } from './status.ts';
import { cohortProblem, syncSettings } from './sync.ts';

const refused = (message: string): RpcError => new RpcError(status.FAILED_PRECONDITION, message);

export class Consensus {
  private readonly ctx: Context;
  private readonly rejoiner: Rejoiner;

  constructor(ctx: Context, rejoiner: Rejoiner) {
    this.ctx = ctx;
    this.rejoiner = rejoiner;
  }

  private answer(): object {
    return { consensus_status: consensusStatus(this.ctx) };
  }

  /** Promises a coordinator not to follow older terms, and stops receiving, so that the position stands still. */
  recruit(request: RecruitRequest): Promise<object> {
    const { ctx } = this;
    const { state } = ctx;
    return ctx.lock.run(async () => {
      const wanted = request.term_revocation;
      const term = Number(wanted?.revoked_below_term ?? 0);
      if (!wanted || term <= 0)
        throw new RpcError(status.INVALID_ARGUMENT, 'term_revocation is required');
      if (!state.eligible || state.manualStop || state.stopping)
        throw refused('pooler is not eligible');
      if (!state.ready) throw new RpcError(status.UNAVAILABLE, 'PostgreSQL is not ready');
      const again = sameId(
        wanted.accepted_coordinator_id,
        state.revocation?.accepted_coordinator_id,
      );
      if (term < state.revokedBelow || (term === state.revokedBelow && !again)) {
        throw refused(`term ${term} is already revoked: promised ${state.revokedBelow}`);
      }
      state.revocation = wanted;
      state.keep();
      const { recovery } = await ctx.act.one<{ recovery: boolean }>(
        'SELECT pg_is_in_recovery() AS recovery',
      );
      if (recovery) await follow(ctx, undefined);
      else await this.demote();
      await settleStandby(ctx);
      await ctx.observe();
      return this.answer();
    });
  }

  /** A recruited primary becomes a standby: its term is over. */
  private async demote(): Promise<void> {
    const { state, pgctld } = this.ctx;
    state.hold = 'DRAINING';
    try {
      await stopPostgres(this.ctx);
      await pgctld.start(true);
      state.resigning = state.isRuleLeader;
    } finally {
      state.hold = undefined;
    }
  }

  /** Becomes leader: quorum commit first, then pg_promote, then the rule, whose commit a standby must acknowledge. */
  promote(request: PromoteRequest): Promise<object> {
    const { ctx } = this;
    const { state } = ctx;
    const { proposal } = request;
    const next = proposal?.proposed_transition?.proposal ?? proposal?.proposed_transition?.decision;
    return ctx.lock.run(async () => {
      if (!next?.durability_policy || !sameId(next.leader_id, state.id)) {
        throw new RpcError(
          status.INVALID_ARGUMENT,
          'the proposal does not name this pooler as leader',
        );
      }
      const [term] = ruleParts(next.rule_number);
      if (term < state.revokedBelow) {
        throw refused(`term ${term} is revoked: promised ${state.revokedBelow}`);
      }
      const problem = cohortProblem(next.durability_policy, next.cohort_members ?? []);
      if (problem) throw new RpcError(status.INVALID_ARGUMENT, problem);
      state.promoting = true;
      state.primary = proposal?.proposal_leader;
      state.rewindReady = false;
      state.keep();
      state.changed();
      try {
        await this.becomePrimary(next);
        await this.record(next, request.reason ?? '');
      } finally {
        state.promoting = false;
        await ctx.observe();
      }
      void this.checkpoint();
      return this.answer();
    });
  }

  private async becomePrimary(next: ShardRule): Promise<void> {
    const { ctx } = this;
    const { state } = ctx;
    await applySync(
      ctx,
      syncSettings(next.durability_policy ?? {}, next.cohort_members ?? [], state.id),
    );
    const { recovery } = await ctx.act.one<{ recovery: boolean }>(
      'SELECT pg_is_in_recovery() AS recovery',
    );
    if (!recovery) return;
    await ctx.act.query(alterSystem('primary_conninfo', ''));
    await ctx.act.query(alterSystem('restore_command', ''));
    await ctx.act.query('SELECT pg_reload_conf()');
    const { up } = await ctx.act.one<{ up: boolean }>('SELECT pg_promote(true, 60) AS up');
    if (!up) throw new Error('pg_promote did not end in 60 s');
    state.diverged = false;
    state.resigning = false;
    state.led = true;
    state.keep();
  }

  private async record(next: ShardRule, reason: string): Promise<void> {
    const before = (await readRule(this.ctx.act))?.decision?.rule_number;
    const rule = { ...next, creation_time: timeMessage(Date.now()) };
    if (!(await writeRule(this.ctx.act, before, rule, reason, RULE_WRITE_MS))) {
      throw new Error('rule conflict: current rule version changed since last read');
    }
  }

  /** After this a former leader can be rewound onto this one. */
  private async checkpoint(): Promise<void> {
    try {
      await this.ctx.sql.query('CHECKPOINT');
      this.ctx.state.rewindReady = true;
      this.ctx.state.keep();
      this.ctx.state.changed();
    } catch (error) {
      this.ctx.log.warn('checkpoint after promotion failed', { error });
    }
  }

  /** Follows a leader. A copy that was leader itself is rewound onto it in the background. */
  setPrimary(request: SetPrimaryRequest): Promise<object> {
    const { ctx } = this;
    const { state } = ctx;
    return ctx.lock.run(async () => {
      const wanted = request.replication_primary;
      const to = wanted?.primary;
      if (!wanted || !to?.host) throw new RpcError(status.INVALID_ARGUMENT, 'primary is required');
      if (state.manualStop || state.stopping)
        throw refused('replication is stopped on this pooler');
      const newest = wanted.position?.proposal ?? wanted.position?.decision;
      if (compareRuleNumbers(newest?.rule_number, state.rule?.rule_number) < 0) {
        throw refused('the primary belongs to an older rule than the one known here');
      }
      if (state.promoting && !sameId(to.id, state.id)) throw refused('a promotion is in progress');
      state.primary = to;
      if (!sameId(to.id, state.id)) state.rewindReady = wanted.rewind_ready ?? false;
      state.keep();
      if (!state.ready) throw new RpcError(status.UNAVAILABLE, 'PostgreSQL is not ready');
      if (!sameId(to.id, state.id)) await this.goUnder(to.host, to.postgres_port ?? 5432);
      state.changed();
      return this.answer();
    });
  }

  private async goUnder(host: string, port: number): Promise<void> {
    const { ctx } = this;
    const { state } = ctx;
    if (state.inRecovery === false || state.led) {
      state.diverged = true;
      state.hold = 'DRAINING';
      await ctx.observe();
      this.rejoiner.start();
      return;
    }
    if (state.diverged) return this.rejoiner.start();
    await follow(ctx, { host, port });
    const { command } = await ctx.act.one<{ command: string }>(
      `SELECT current_setting('restore_command') AS command`,
    );
    const [row] = await ctx.act.query(
      `SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'`,
    );
    if (command !== '' && row) {
      await ctx.act.query(alterSystem('restore_command', ''));
      await ctx.act.query('SELECT pg_reload_conf()');
    }
  }
}
