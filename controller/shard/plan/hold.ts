/**
 * A primary that was deleted must not come back before another pooler leads: its return replaces the
 * SHUTDOWN record and restarts the election's grace period three times (measured on kind: 22 s without
 * writes instead of 7.7 s). But it must come back when nobody can be elected without it. Pure.
 */
import type { Member as PolicyMember, Policy } from '../../../schemas/durability.ts';
import { canElect } from '../../../schemas/durability.ts';
import { isQuarantined } from '../state/lifecycle.ts';
import type { PoolerView } from '../state/roles.ts';
import { leaderOf, shardRule } from '../state/roles.ts';

interface HoldInput {
  /** Its pooler's name in the topology. */
  id: string;
  views: readonly PoolerView[];
  /** Role in the last status that we wrote. */
  lastRole?: string;
  /** Milliseconds since nobody takes writes; 0 while somebody does or it is not known yet. */
  missingMs: number;
  policy: Policy;
}

type Hold = { hold: true; reason: string } | { hold: false; reason: string };

/** Four times the longest election that was measured: whoever can be elected has been by then. */
const HOLD_LIMIT_MS = 90_000;

export const holdBack = (input: HoldInput): Hold => {
  const create = (reason: string): Hold => ({ hold: false, reason });
  const rule = shardRule(input.views);
  const leader = leaderOf(input.views);
  const wasLeader =
    rule === undefined ? input.lastRole === 'PRIMARY' : rule.leader_id?.name === input.id;
  if (!wasLeader) return create('it was not the primary');
  if (leader && leader.view.id !== input.id) return create(`${leader.view.pod} leads now`);
  if (input.missingMs > HOLD_LIMIT_MS) {
    return create(`nobody was elected in ${Math.round(HOLD_LIMIT_MS / 1000)} s without it`);
  }
  const others = input.views.filter((view) => view.id !== input.id && view.status !== undefined);
  if (others.length === 0) return create('no other pooler answers that could be elected');
  const cohort = (rule?.cohort_members ?? []).map(memberOf);
  const recruits = others.filter(isRecruitable).map(({ id, cell }) => ({ id, cell }));
  if (cohort.length > 0 && !canElect(input.policy, cohort, recruits)) {
    return create(
      `${recruits.length} of the cohort of ${cohort.length} answer, too few to elect without it`,
    );
  }
  return { hold: true, reason: 'it was the primary, and another pooler has to lead first' };
};

const memberOf = (id: { name?: string; cell?: string }): PolicyMember => ({
  id: id.name ?? '',
  cell: id.cell ?? '',
});

const isRecruitable = (view: PoolerView): boolean =>
  !isQuarantined(view.record) && view.status?.status?.postgres_ready === true;
