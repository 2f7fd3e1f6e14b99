/**
 * One process of an orchestrator. What it finds wrong, and whom it elects, is decided by the emulator's own
 * functions (emulator/orch): here are its eyes and hands.
 */
import type { AnalyseOptions, Finding } from '../../../../emulator/orch/finding.ts';
import type { Action } from '../../../../emulator/orch/finding.ts';
import { analyse } from '../../../../emulator/orch/analyse.ts';
import { othersElecting } from '../../../../emulator/orch/elect.ts';
import type { Countdown } from '../../../../emulator/orch/grace.ts';
import { expire, nextCountdown } from '../../../../emulator/orch/grace.ts';
import type { ComponentId, Rule } from '../../../../emulator/orch/model.ts';
import { sameId } from '../../../../emulator/orch/model.ts';
import { electable, satisfied } from '../../../../emulator/orch/quorum.ts';
import { poolerIdMessage } from '../../../../emulator/orch/messages.ts';
import { codecs } from '../../../../controller/topo/codec.ts';
import { topoKeys } from '../../../../controller/topo/keys.ts';
import type { ShardContext } from './context.ts';
import { findLive } from './context.ts';
import { campaign } from './election.ts';
import { commitRule } from './replication.ts';
import { Sight } from './sight.ts';

export interface OrchestratorOptions {
  cell: string;
  name: string;
  node: string;
}

const LEADER_RESPONSE_MS = 30_000;

export class Orchestrator {
  readonly cell: string;
  readonly name: string;
  readonly node: string;
  readonly #ctx: ShardContext;
  readonly #sight: Sight;
  readonly #analysis: AnalyseOptions;
  #countdown: Countdown | undefined;
  #electing = false;
  #waiting: (() => void)[] = [];
  findings: Finding[] = [];
  up = true;

  constructor(ctx: ShardContext, options: OrchestratorOptions) {
    this.#ctx = ctx;
    this.cell = options.cell;
    this.name = options.name;
    this.node = options.node;
    this.#sight = new Sight(ctx, options.node);
    this.#analysis = {
      staleMs: ctx.pace.silence[0],
      leaderResponseMs: LEADER_RESPONSE_MS,
      removeIneligible: ctx.removesIneligible,
    };
    ctx.orchestrators.set(options.cell, this);
    ctx.clock.after(ctx.random.between(0, ctx.pace.orchCycle), () => this.#loop());
  }

  stop(): void {
    this.up = false;
    for (const done of this.#waiting.splice(0)) done();
  }

  /** TriggerRecoveryNow: ends a running grace period; `done` once what is done now has ended. */
  recoverNow(done: (remaining: string[]) => void): void {
    this.#countdown = expire(this.#countdown, this.#ctx.clock.now());
    this.#cycle();
    const answer = (): void =>
      done([...new Set(this.findings.flatMap(({ problem }) => problem?.checkName ?? []))]);
    if (this.#electing) this.#waiting.push(answer);
    else answer();
  }

  #loop(): void {
    if (!this.up) return;
    this.#cycle();
    this.#ctx.clock.after(this.#ctx.pace.orchCycle, () => this.#loop());
  }

  #cycle(): void {
    const { clock, pace, random } = this.#ctx;
    this.#sight.look();
    this.findings = analyse(this.#sight.view, clock.now(), this.#analysis);
    const election = this.findings.map(({ action }) => action).find((a) => a?.kind === 'elect');
    const [baseMs, mostMs] = pace.grace;
    this.#countdown = nextCountdown(
      this.#countdown,
      election?.kind === 'elect' ? election.code : undefined,
      clock.now(),
      random.next(),
      { baseMs, jitterMs: mostMs - baseMs },
    );
    let cohortChanged = false;
    for (const { action } of this.findings) {
      if (!action || (action.kind === 'cohort' && cohortChanged)) continue;
      cohortChanged ||= action.kind === 'cohort';
      this.#act(action);
    }
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'initialize':
        return this.#initialize(action.members);
      case 'elect':
        return this.#elect(action.rule, action.code);
      case 'replicate':
        return this.#replicate(action.pooler, action.rule);
      case 'cohort':
        return changeCohort(this.#ctx, this.node, action);
    }
  }

  #elect(rule: Rule, code: string): void {
    const nowMs = this.#ctx.clock.now();
    if (this.#electing || !this.#countdown || nowMs < this.#countdown.dueMs) return;
    if (othersElecting(this.#sight.view, this.name, nowMs)) return;
    this.#campaign(rule, code);
  }

  #campaign(outgoing: Rule, reason: string): void {
    this.#electing = true;
    const { view } = this.#sight;
    const election = { ctx: this.#ctx, me: this.name, node: this.node, view, outgoing, reason };
    campaign(election, () => {
      this.#electing = false;
      for (const done of this.#waiting.splice(0)) done();
    });
  }

  #replicate(id: ComponentId, rule: Rule): void {
    const pooler = findLive(this.#ctx, id);
    if (!pooler || !rule.leader || !this.#ctx.linked(this.node, pooler.node)) return;
    pooler.follow(rule.leader, rule);
  }

  /** The first orchestrator to claim the shard elects its first leader, from the members that it saw then. */
  #initialize(members: ComponentId[]): void {
    const { etcd, root, shardKey, policy, clock } = this.#ctx;
    if (!this.#ctx.reachesTopology(this.node) || this.#electing) return;
    const { database, table_group, shard } = shardKey;
    const key = topoKeys.shardInitClaim(root, database, table_group, shard);
    const claimer_id = { component: 'MULTIORCH' as const, cell: this.cell, name: this.name };
    const known = etcd.get(key);
    if (!known) {
      const cohort_members = members.map((id) => poolerIdMessage(id)) as { name?: string }[];
      etcd.put(key, codecs.ShardInitClaim.encode({ claimer_id, cohort_members }));
      return;
    }
    const claim = codecs.ShardInitClaim.decode(known.value);
    if (claim.claimer_id?.name !== this.name) return;
    const cohort = (claim.cohort_members ?? []).map(({ cell = '', name = '' }) => ({ cell, name }));
    const ready = cohort.filter((id) => findLive(this.#ctx, id)?.postgres.state === 'STANDBY');
    if (!electable(policy, cohort, ready)) return;
    if (othersElecting(this.#sight.view, this.name, clock.now())) return;
    this.#campaign({ term: 0, subterm: 1, cohort, policy, createdMs: 0 }, 'ShardInit');
  }
}

/** UpdateConsensusRule of an orchestrator: by the rule that it saw, on the leader of that rule. */
function changeCohort(
  ctx: ShardContext,
  node: string,
  { operation, pooler, rule }: Extract<Action, { kind: 'cohort' }>,
): void {
  const leader = findLive(ctx, rule.leader);
  const current = leader?.volume.wal?.rule;
  if (!leader || !current || !leader.isPrimary || !ctx.linked(node, leader.node)) return;
  if (current.term !== rule.term || current.subterm !== rule.subterm) return;
  const others = current.cohort.filter((id) => !sameId(id, pooler));
  const cohort = operation === 'ADD' ? [...others, pooler] : others;
  if (!satisfied(current.policy, cohort)) return;
  if (!commitRule(ctx, leader, { ...current, subterm: current.subterm + 1, cohort })) return;
  ctx.tell(`cohort ${operation} ${pooler.name}: ${cohort.length} members`);
  leader.changed();
}
