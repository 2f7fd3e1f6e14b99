/** Carries out an election, as emulator/orch/campaign.ts does with calls: recruit, choose, promote, tell the others. */
import type { Rule, ShardView } from '../../../../emulator/orch/model.ts';
import { findPooler, sameId } from '../../../../emulator/orch/model.ts';
import { chooseLeader, nextTerm, proposedRule } from '../../../../emulator/orch/elect.ts';
import { electable, recruitable } from '../../../../emulator/orch/quorum.ts';
import { later } from '../nodes/context.ts';
import type { ShardContext } from './context.ts';
import { findLive } from './context.ts';
import type { Pooler } from './pooler.ts';
import { commitRule } from './replication.ts';

export interface Campaign {
  ctx: ShardContext;
  /** Name of the orchestrator, and its node. */
  me: string;
  node: string;
  view: ShardView;
  /** The rule to be replaced; at the first election one of term 0 with the claimed cohort. */
  outgoing: Rule;
  reason: string;
}

/** A promotion whose rule no standby confirms is given up after this time. */
const COMMIT_LIMIT_MS = 60_000;
const COMMIT_LOOK_MS = 100;

/** Calls `done` at the end, whatever came of it. */
export function campaign(election: Campaign, done: () => void): void {
  const { ctx, me, view, outgoing, reason } = election;
  const term = nextTerm(view);
  ctx.tell(`${me} begins an election of term ${term} (${reason})`);
  const recruits = recruit(election, term);
  later(ctx, ctx.pace.recruit, () => {
    const alive = recruits.filter((pooler) => pooler.up && pooler.volume.revokedBelow === term);
    const chosen = choose(outgoing, alive);
    if (!chosen) {
      ctx.tell(`term ${term}: ${alive.length} of ${outgoing.cohort.length} are too few`);
      return done();
    }
    promote(election, chosen, alive, proposedRule(outgoing, term, chosen.id), done);
  });
}

/** All members that answer promise not to follow older terms, and stand still. */
function recruit({ ctx, me, node, view, outgoing }: Campaign, term: number): Pooler[] {
  const asked = outgoing.cohort.filter((id) => recruitable(findPooler(view, id)));
  const recruits = asked.flatMap((id) => {
    const pooler = findLive(ctx, id);
    const answers =
      pooler?.listening &&
      !pooler.stopping &&
      pooler.eligible &&
      pooler.postgres.ready &&
      ctx.linked(node, pooler.node);
    return answers && pooler.volume.revokedBelow < term ? [pooler] : [];
  });
  for (const pooler of recruits) {
    const revokedAtMs = ctx.clock.now();
    Object.assign(pooler.volume, { revokedBelow: term, revokedBy: me, revokedAtMs });
    const led = pooler.isPrimary;
    pooler.postgres.unfollow();
    pooler.resigning ||= led;
    pooler.changed();
  }
  return recruits;
}

function choose(outgoing: Rule, alive: readonly Pooler[]): Pooler | undefined {
  const ids = alive.map(({ id }) => id);
  if (!electable(outgoing.policy, outgoing.cohort, ids)) return undefined;
  const best = chooseLeader(
    alive.flatMap(({ id, volume: { wal }, resigning }) =>
      wal ? [{ id, rule: wal.rule, lsn: BigInt(wal.lsn), resigning }] : [],
    ),
  );
  return alive.find(({ id }) => sameId(id, best?.id));
}

function promote(
  { ctx, reason }: Campaign,
  chosen: Pooler,
  recruits: readonly Pooler[],
  rule: Rule,
  done: () => void,
): void {
  const { term } = rule;
  chosen.postgres.state = 'PROMOTING';
  chosen.volume.target = { leader: chosen.id, rule };
  chosen.changed();
  for (const pooler of recruits) if (pooler !== chosen) pooler.follow(chosen.id, rule);
  const startMs = ctx.clock.now();
  const commit = (): void => {
    const isOver =
      !chosen.up || chosen.postgres.state !== 'PROMOTING' || chosen.volume.revokedBelow !== term;
    if (isOver) return done();
    if (!commitRule(ctx, chosen, rule)) {
      if (ctx.clock.now() - startMs < COMMIT_LIMIT_MS) ctx.clock.after(COMMIT_LOOK_MS, commit);
      else giveUp(chosen, done);
      return;
    }
    chosen.postgres.lead();
    Object.assign(chosen, { serving: 'SERVING', resigning: false });
    chosen.changed();
    ctx.elections.push({ atMs: ctx.clock.now(), pod: chosen.pod, term, reason });
    ctx.tell(`${chosen.pod} leads with term ${term}`);
    done();
  };
  later(ctx, ctx.pace.promote, () => {
    if (chosen.up && chosen.postgres.state === 'PROMOTING') chosen.postgres.promote();
    commit();
  });
}

function giveUp(chosen: Pooler, done: () => void): void {
  chosen.postgres.unfollow();
  chosen.resigning = true;
  chosen.changed();
  done();
}
