/** Choosing the member that leaves next. At most one at a time, so nothing is asked while another leaves. */
import { mayDisrupt } from '../guards/may-disrupt.ts';
import type { Plan } from '../state/action.ts';
import { leaderMember } from '../state/health.ts';
import type { Member } from '../state/member.ts';
import type { PhaseRecord, Purpose } from '../state/phase.ts';
import type { ShardState } from '../state/state.ts';
import { refused } from './leaving.ts';

interface Request {
  member: Member;
  purpose: Purpose;
  reason: string;
  notice: string;
  request?: string;
}

/** Asks a member to leave, if that is permitted now; says what stands against it otherwise. */
export const ask = (state: ShardState, wanted: Request): Partial<Plan> => {
  const { member, purpose, reason } = wanted;
  const effect = leaderMember(state) === member ? 'switch' : 'delete';
  const verdict = mayDisrupt({ state, target: member, purpose, effect });
  if (!verdict.ok) return refused(member, verdict);
  const record: PhaseRecord = {
    phase: 'requested',
    purpose,
    reason,
    requestedMs: state.nowMs,
    ...(wanted.request === undefined ? {} : { request: wanted.request }),
  };
  return {
    actions: [
      {
        kind: 'set-phase',
        pod: member.pod,
        record,
        reason,
        notice: { type: 'Normal', reason: wanted.notice, message: `${member.pod}: ${reason}` },
      },
    ],
    doing: [{ pod: member.pod, reason }],
  };
};

/** Somebody is on its way out already. */
export const isBusy = ({ members, jobs }: ShardState): boolean =>
  members.some(({ phase, observed }) => phase !== undefined && observed !== undefined) ||
  jobs.some(({ kind }) => kind !== 'backup');
