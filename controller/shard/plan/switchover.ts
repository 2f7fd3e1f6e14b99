/** A switchover that a user asked for by annotation; each request is carried out once. */
import { leaderMember } from '../state/health.ts';
import { isAnswered, requestedSwitch } from '../state/request.ts';
import type { Planner } from './planner.ts';
import { ask, isBusy } from './request.ts';

export const planSwitchover: Planner = (state) => {
  const request = requestedSwitch(state.shard);
  if (request === undefined || isAnswered(state.shard, request) || isBusy(state)) return {};
  const leader = leaderMember(state);
  if (!leader) return {};
  const reason = `switchover ${request} was asked for`;
  return ask(state, {
    member: leader,
    purpose: 'move',
    reason,
    request,
    notice: 'SwitchoverRequested',
  });
};
