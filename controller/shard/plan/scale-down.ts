/** Members beyond the specification leave one at a time, standbys first, highest index first. */
import { countByCell, satisfies } from '../../../schemas/durability.ts';
import { leaderMember } from '../state/health.ts';
import type { Member } from '../state/member.ts';
import { isAlive } from '../state/member.ts';
import type { ShardState } from '../state/state.ts';
import type { Planner } from './planner.ts';
import { byTurn } from './replace.ts';
import { ask, isBusy } from './request.ts';

/** Members beyond the specification whose pod still runs, in the order in which they leave. */
const leavers = (state: ShardState): Member[] =>
  state.members.filter((member) => !member.desired && isAlive(member)).toSorted(byTurn(state));

export const planScaleDown: Planner = (state) => {
  if (isBusy(state) || !state.desired) return {};
  const [next] = leavers(state);
  if (!next) return {};
  const stay = state.members.filter(({ desired }) => desired !== undefined);
  if (state.started && !satisfies(state.policy, countByCell(stay))) {
    const reason = `the specification asks for too few members (${stay.length}) for ${state.policy.name}: raise replicasPerCell again`;
    return { blocked: [{ pod: next.pod, reason }] };
  }
  const reason =
    leaderMember(state) === next
      ? 'the specification asks for fewer poolers, and it leads'
      : 'the specification asks for fewer poolers';
  return ask(state, { member: next, purpose: 'remove', reason, notice: 'DrainStarted' });
};
