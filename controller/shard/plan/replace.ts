/** Pods whose specification changed, and those that the runtime gave up: one after the other, primary last. */
import { isReady } from '../../observe/pods.ts';
import { isDeadWeight, leaderMember } from '../state/health.ts';
import type { Member } from '../state/member.ts';
import { isAlive } from '../state/member.ts';
import type { ShardState } from '../state/state.ts';
import type { Planner } from './planner.ts';
import { whyReplace } from '../state/reasons.ts';
import { ask, isBusy } from './request.ts';

/** What is broken first, then standbys, then the primary; highest index first within each. */
const rank = (state: ShardState, member: Member): number => {
  if (leaderMember(state) === member) return 2;
  const broken =
    isDeadWeight(state, member) || (member.observed !== undefined && !isReady(member.observed));
  return broken ? 0 : 1;
};

export const byTurn =
  (state: ShardState) =>
  (a: Member, b: Member): number =>
    rank(state, a) - rank(state, b) || b.index - a.index || (a.pod < b.pod ? -1 : 1);

/** Members that wait for a new pod, in the order of their turns. */
const replaceable = (state: ShardState): Member[] =>
  state.members
    .filter((member) => member.desired && isAlive(member) && whyReplace(member).length > 0)
    .toSorted(byTurn(state));

export const planReplace: Planner = (state) => {
  if (isBusy(state)) return {};
  const [next] = replaceable(state);
  if (!next) return {};
  const reason = whyReplace(next).slice(0, 3).join('; ');
  return ask(state, { member: next, purpose: 'replace', reason, notice: 'RollingUpdateStarted' });
};
