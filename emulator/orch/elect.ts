// Choosing a leader: pure functions. The calls that carry an election out are in campaign.ts.
import type { ComponentId, PoolerView, Rule, RuleNumber, ShardView } from './model.ts';
import { compareRules, sameId } from './model.ts';

/** Another multiorch's fresh recruiting is left alone for this long, in ms. */
export const ELECTION_BACK_OFF_MS = 4000;

/** A recruited pooler: its promise is given, its position can no longer move. */
export interface Recruit {
  id: ComponentId;
  rule: RuleNumber;
  lsn: bigint;
  /** It asked to be relieved; chosen only when nobody else is as advanced. */
  resigning: boolean;
}

/** The next free term: above every promise and every rule seen. */
export function nextTerm(view: ShardView): number {
  const seen = view.poolers.flatMap((p) => [
    p.health?.revokedBelow ?? 0,
    p.health?.rule?.term ?? 0,
  ]);
  return Math.max(0, ...seen) + 1;
}

/** Is another multiorch in the middle of an election that it began a moment ago? */
export function othersElecting(view: ShardView, me: string, now: number): boolean {
  return view.poolers.some((p) => {
    const health = p.health;
    if (health === undefined || health.revokedBelow <= (health.rule?.term ?? 0)) return false;
    if (p.connected && health.postgres === 'PROMOTING') return true;
    return health.revokedBy !== me && now - health.revokedAtMs < ELECTION_BACK_OFF_MS;
  });
}

/** The most advanced one (rule, then position); of equals one that does not resign, then by name. */
export function chooseLeader(recruits: readonly Recruit[]): Recruit | undefined {
  return recruits.toSorted((a, b) => {
    const byRule = compareRules(b.rule, a.rule);
    if (byRule !== 0) return byRule;
    if (a.lsn !== b.lsn) return a.lsn > b.lsn ? -1 : 1;
    if (a.resigning !== b.resigning) return a.resigning ? 1 : -1;
    return a.id.name < b.id.name ? -1 : 1;
  })[0];
}

/** Poolers that must be told of the new leader: all that answer, the leader itself left out. */
export const audience = (view: ShardView, leader: ComponentId): PoolerView[] =>
  view.poolers.filter((p) => p.connected && p.lifecycle !== 'SHUTDOWN' && !sameId(p.id, leader));

/** The rule that an election of `term` proposes: cohort and policy stay as they were. */
export const proposedRule = (
  outgoing: Pick<Rule, 'cohort' | 'policy'>,
  term: number,
  leader: ComponentId,
): Rule => ({
  term,
  subterm: 0,
  leader,
  cohort: outgoing.cohort,
  policy: outgoing.policy,
  createdMs: 0,
});
