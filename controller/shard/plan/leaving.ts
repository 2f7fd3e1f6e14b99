/**
 * A member that is on its way out, one step per pass: leadership first, then its place in the cohort where
 * that can be given up alive, then the pod. Each step is checked again before it is taken.
 */
import { removalOf } from '../../../schemas/durability.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { Verdict } from '../guards/may-disrupt.ts';
import { mayDisrupt } from '../guards/may-disrupt.ts';
import type { Notice, Plan } from '../state/action.ts';
import { cohortMembers, leaderMember } from '../state/health.ts';
import type { Member } from '../state/member.ts';
import type { PhaseRecord, Purpose } from '../state/phase.ts';
import { cohortOf, leaderOf } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { isAnswered, requestedSwitch } from '../state/request.ts';
import { switchingOf } from '../state/switching.ts';
import type { Planner } from './planner.ts';
import { whyMove, whyReplace } from '../state/reasons.ts';

/** A step that waits longer than this is taken back; upstream's cap for a drain. */
const LEAVING_DEADLINE_MS = 300_000;

/** What the record means now: the specification may have changed since it was written. */
const purposeOf = (member: Member, { purpose }: PhaseRecord): Purpose =>
  member.desired === undefined ? 'remove' : purpose;

/** Why it is no longer wanted that the member leaves; undefined while it is. */
const revoked = (state: ShardState, member: Member, record: PhaseRecord): string | undefined => {
  switch (purposeOf(member, record)) {
    case 'remove':
      return member.desired === undefined ? undefined : 'the specification asks for it again';
    case 'replace':
      return whyReplace(member).length > 0 ? undefined : 'it runs the current specification';
    case 'move':
      if (record.request === undefined) {
        return whyMove(state, member) === undefined ? 'it may stay where it is' : undefined;
      }
      if (isAnswered(state.shard, record.request)) return 'the request is answered';
      return requestedSwitch(state.shard) === record.request
        ? undefined
        : 'the request was taken back';
  }
};

const clear = (member: Member, reason: string, notice?: Notice): Partial<Plan> => ({
  actions: [
    {
      kind: 'set-phase',
      pod: member.pod,
      record: undefined,
      reason,
      ...(notice ? { notice } : {}),
    },
  ],
});

const cancel = (state: ShardState, member: Member, record: PhaseRecord, why: string) => {
  const notice: Notice = {
    type: 'Normal',
    reason: 'DrainCancelled',
    message: `${member.pod} stays: ${why}`,
    drain: 'cancelled',
  };
  const back =
    record.phase === 'acknowledged' && !cohortOf(state.members).includes(member.id)
      ? [{ kind: 'rejoin-cohort', pod: member.pod, id: member.id, reason: why } as const]
      : [];
  return { actions: [...back, ...(clear(member, why, notice).actions ?? [])] };
};

const giveUp = (member: Member, record: PhaseRecord, why: string): Partial<Plan> =>
  clear(member, why, {
    type: 'Warning',
    reason: record.purpose === 'move' ? 'SwitchoverFailed' : 'DrainTimeout',
    message: `${member.pod}: ${why} (${record.reason}); it stays as it is and is tried again`,
    drain: 'timeout',
  });

/** What a refusal means for the plan: a reading, or patience. */
export const refused = (member: Member, verdict: Extract<Verdict, { ok: false }>): Partial<Plan> =>
  verdict.check === 'fresh-reading'
    ? { needsReading: true, doing: [{ pod: member.pod, reason: verdict.reason }] }
    : { blocked: [{ pod: member.pod, reason: verdict.reason }] };

const startSwitch = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const purpose = purposeOf(member, record);
  const verdict = mayDisrupt({ state, target: member, purpose, effect: 'switch' });
  if (!verdict.ok) return refused(member, verdict);
  const before = record.switch;
  const attempts = (before?.attempts ?? 0) + 1;
  const firstMs = before?.firstMs ?? state.nowMs;
  const rule = before?.rule ?? leaderOf(state.members)?.rule ?? {};
  const moving: PhaseRecord = {
    ...record,
    phase: 'draining',
    switch: { rule, attempts, firstMs, lastMs: state.nowMs },
  };
  const { pod, id } = member;
  const message = `primary ${pod} hands over: ${record.reason}`;
  return {
    actions: [
      {
        kind: 'switch-primary',
        pod,
        id,
        permit: verdict.permit,
        record: moving,
        reason: `${record.reason} (attempt ${attempts})`,
        notice: { type: 'Normal', reason: 'SwitchoverStarted', message },
      },
    ],
    doing: [{ pod, reason: `moving the primary away: ${record.reason}` }],
  };
};

const deletePod = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const purpose = purposeOf(member, record);
  const verdict = mayDisrupt({ state, target: member, purpose, effect: 'delete' });
  if (!verdict.ok) return refused(member, verdict);
  const { pod, observed } = member;
  const verb = purpose === 'remove' ? 'removed' : 'replaced';
  return {
    actions: [
      {
        kind: 'delete-pod',
        pod,
        uid: observed?.metadata.uid ?? '',
        permit: verdict.permit,
        record: { ...record, phase: 'ready-for-deletion' },
        reason: record.reason,
        notice: {
          type: 'Normal',
          reason: 'DrainCompleted',
          message: `${pod} is ${verb}: ${record.reason}`,
          drain: 'success',
        },
      },
    ],
    doing: [{ pod, reason: `being ${verb}: ${record.reason}` }],
  };
};

/** Out of the cohort while it lives, so that the leader does not wait for it when it stops. */
const leaveCohort = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const { pod, id } = member;
  const doing = [{ pod, reason: 'leaving the cohort' }];
  if (state.jobs.some(({ kind }) => kind === 'leave-cohort')) return { doing };
  const verdict = mayDisrupt({ state, target: member, purpose: 'remove', effect: 'delete' });
  if (!verdict.ok) return refused(member, verdict);
  const acknowledged: PhaseRecord = { ...record, phase: 'acknowledged' };
  return {
    actions: [
      ...(record.phase === 'acknowledged'
        ? []
        : [{ kind: 'set-phase', pod, record: acknowledged, reason: record.reason } as const]),
      { kind: 'leave-cohort', pod, id, permit: verdict.permit, reason: record.reason },
    ],
    doing,
  };
};

const leavesAlive = (state: ShardState, member: Member, record: PhaseRecord): boolean =>
  purposeOf(member, record) === 'remove' &&
  cohortOf(state.members).includes(member.id) &&
  removalOf(state.policy, cohortMembers(state), member.id) === 'cohort-first';

const hurry = (state: ShardState, member: Member): Partial<Plan> => ({
  actions: state.jobs.some(({ kind }) => kind === 'trigger-recovery')
    ? []
    : [{ kind: 'trigger-recovery', reason: `${member.pod} handed over and nobody leads` }],
  doing: [{ pod: member.pod, reason: 'electing another primary' }],
});

const stepMove = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const switching = switchingOf(state, member);
  switch (switching.state) {
    case 'none':
    case 'retry':
      // It stopped leading by itself: what was wanted has come about.
      return leaderMember(state) === member
        ? startSwitch(state, member, record)
        : clear(member, 'it does not lead');
    case 'waiting':
      return { doing: [{ pod: member.pod, reason: `moving the primary away: ${record.reason}` }] };
    case 'leaderless':
      return hurry(state, member);
    case 'moved': {
      // A request is answered in the status first: it would be carried out twice otherwise.
      if (record.request !== undefined && !isAnswered(state.shard, record.request)) return {};
      const message = `${switching.to.pod} leads instead of ${member.pod}: ${record.reason}`;
      return clear(member, message, {
        type: 'Normal',
        reason: 'SwitchoverCompleted',
        message,
        drain: 'success',
      });
    }
    case 'failed':
      if (record.request !== undefined && !isAnswered(state.shard, record.request)) return {};
      return giveUp(member, record, switching.reason);
  }
};

const stepOut = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const switching = switchingOf(state, member);
  const leads = leaderMember(state) === member;
  if (leads) {
    if (switching.state === 'none' || switching.state === 'retry') {
      return startSwitch(state, member, record);
    }
    // Stopped gracefully it cannot be elected again: the way that is left.
    if (switching.state === 'failed') return deletePod(state, member, record);
    return { doing: [{ pod: member.pod, reason: `moving the primary away: ${record.reason}` }] };
  }
  if (switching.state === 'leaderless') return hurry(state, member);
  return leavesAlive(state, member, record)
    ? leaveCohort(state, member, record)
    : deletePod(state, member, record);
};

const step = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const why = revoked(state, member, record);
  const open = switchingOf(state, member).state;
  // While nobody leads after a request of ours, first things first.
  if (why !== undefined && open !== 'leaderless' && open !== 'waiting') {
    return open !== 'none' && record.purpose === 'move'
      ? stepMove(state, member, record)
      : cancel(state, member, record, why);
  }
  if (state.nowMs - record.requestedMs > LEAVING_DEADLINE_MS && record.purpose !== 'move') {
    return giveUp(member, record, 'its turn did not end within 5 minutes');
  }
  return purposeOf(member, record) === 'move'
    ? stepMove(state, member, record)
    : stepOut(state, member, record);
};

/** The member whose turn it is: the one that was asked first. */
export const planLeaving: Planner = (state) => {
  const [first] = state.members
    .filter(({ phase, observed }) => phase && observed && !isTerminating(observed))
    .toSorted((a, b) => (a.phase?.requestedMs ?? 0) - (b.phase?.requestedMs ?? 0));
  return first?.phase ? step(state, first, first.phase) : {};
};
