/**
 * A primary that cannot stay where it is moves: its node shall become empty (its budget keeps evictions off
 * until then), or it leads a cohort that it is no member of.
 */
import { leaderMember, memberTrouble } from '../state/health.ts';
import { isLeaving } from '../state/node.ts';
import { whyMove } from '../state/reasons.ts';
import { shardRule, timeOf } from '../state/roles.ts';
import type { Planner } from './planner.ts';
import { ask, isBusy } from './request.ts';

/** Between two moves: when every node is cordoned in turn, the primary does not run in circles. */
const PAUSE_MS = 10_000;

export const planMovePrimary: Planner = (state) => {
  const leader = leaderMember(state);
  const reason = leader && whyMove(state, leader);
  if (!leader || reason === undefined || isBusy(state)) return {};
  const refuge = state.members.some(
    (member) =>
      member !== leader &&
      !isLeaving(member.node) &&
      memberTrouble(state, member, leader) === undefined,
  );
  if (!refuge) {
    const text = `${reason}, and no useful standby is on a node that stays`;
    return { blocked: [{ pod: leader.pod, reason: text }] };
  }
  const electedMs = timeOf(shardRule(state.members)?.creation_time);
  if (state.nowMs - electedMs < PAUSE_MS) {
    return { doing: [{ pod: leader.pod, reason: `${reason}: moving soon` }] };
  }
  return ask(state, { member: leader, purpose: 'move', reason, notice: 'SwitchoverRequested' });
};
