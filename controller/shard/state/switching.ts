/**
 * The switchover that a user asked for (the annotation on the Shard, and the answer in its status), and how far
 * the move of leadership away from a member has come. Pure; plan and report judge alike.
 */
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Shard } from '../../../schemas/types.ts';
import { leaderMember } from './health.ts';
import type { Member } from './member.ts';
import { compareRules, leaderOf } from './roles.ts';
import type { ShardState } from './state.ts';

/** Id of the request that is in the specification now. */
export const requestedSwitch = (shard: Shard): string | undefined => {
  const id = shard.metadata.annotations?.[ANNOTATIONS.switchover];
  return id === undefined || id === '' ? undefined : id;
};

/** The status says how this request ended. */
export const isAnswered = (shard: Shard, request: string): boolean => {
  const answer = shard.status?.switchover;
  return answer?.request === request && (answer.phase === 'Completed' || answer.phase === 'Failed');
};

/** Requests for one move; then the plan takes another way, or gives up. */
const SWITCH_ATTEMPTS = 3;
/** A request that led to nothing is repeated after this time, times its number. */
const RETRY_MS = 5_000;
/** To begin, and from the first request on: an election that takes longer needs people. */
const SWITCH_DEADLINE_MS = 300_000;

type Switching =
  /** Nobody asked it to stop leading. */
  | { state: 'none' }
  /** Asked; the answer or the election is not there yet. */
  | { state: 'waiting' }
  /** Nobody leads: an election may be hurried. */
  | { state: 'leaderless' }
  /** It leads as before: ask again. */
  | { state: 'retry' }
  /** Another member leads under a higher rule. */
  | { state: 'moved'; to: Member }
  | { state: 'failed'; reason: string };

/** By rule number: a record or a role alone may be that of before. */
export const switchingOf = (state: ShardState, member: Member): Switching => {
  const { purpose, requestedMs = 0, switch: record } = member.phase ?? {};
  if (!record) {
    const isLate = purpose === 'move' && state.nowMs - requestedMs > SWITCH_DEADLINE_MS;
    return isLate
      ? { state: 'failed', reason: 'it could not begin within 5 minutes' }
      : { state: 'none' };
  }
  const leader = leaderOf(state.members);
  const to = leaderMember(state);
  if (leader && to && to !== member && compareRules(leader.rule, record.rule) > 0) {
    return { state: 'moved', to };
  }
  if (state.nowMs - record.firstMs > SWITCH_DEADLINE_MS) {
    return { state: 'failed', reason: 'no other pooler led within 5 minutes' };
  }
  if (state.jobs.has('switch-primary')) return { state: 'waiting' };
  if (!leader) return { state: 'leaderless' };
  if (state.nowMs - record.lastMs < RETRY_MS * record.attempts) return { state: 'waiting' };
  if (record.attempts >= SWITCH_ATTEMPTS) {
    const reason = `it was elected again after each of ${SWITCH_ATTEMPTS} requests`;
    return { state: 'failed', reason };
  }
  return { state: 'retry' };
};
