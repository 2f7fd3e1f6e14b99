/** How the switchover that a user asked for goes, or went. Pure. */
import type { ShardStatus } from '../../../schemas/types.ts';
import type { Plan } from '../state/action.ts';
import { timeText } from '../state/phase.ts';
import { healthOf } from '../state/health.ts';
import { isAnswered, requestedSwitch } from '../state/request.ts';
import type { ShardState } from '../state/state.ts';
import { switchingOf } from '../state/switching.ts';

type Switchover = NonNullable<ShardStatus['switchover']>;

export const switchoverStatus = (
  state: ShardState,
  plan: Plan,
): Pick<ShardStatus, 'switchover'> => {
  const { shard, nowMs } = state;
  const request = requestedSwitch(shard);
  const before = shard.status?.switchover;
  if (request === undefined || isAnswered(shard, request)) {
    return before ? { switchover: before } : {};
  }
  const member = state.members.find(({ phase }) => phase?.request === request);
  const moved = member?.phase?.switch;
  if (!member || !moved) {
    const why = [...plan.blocked, ...plan.doing][0];
    const message = why ? `${why.pod}: ${why.reason}` : 'waits for its turn';
    return { switchover: { request, phase: 'Pending', message } };
  }
  const common = { request, from: member.pod, startedAt: timeText(moved.firstMs) };
  const switching = switchingOf(state, member);
  if (switching.state === 'failed') {
    const message = `${switching.reason}; the primary is as before`;
    return {
      switchover: { ...common, phase: 'Failed', finishedAt: timeText(nowMs), message },
    };
  }
  if (switching.state !== 'moved' || !healthOf(state).serving) {
    const message = 'another pooler is being elected';
    return { switchover: { ...common, phase: 'InProgress', message } satisfies Switchover };
  }
  return {
    switchover: {
      ...common,
      phase: 'Completed',
      to: switching.to.pod,
      finishedAt: timeText(nowMs),
      // From the request that worked to the new primary: writes pause for no longer than that.
      pausedMs: Math.max(nowMs - moved.lastMs, 0),
    },
  };
};
