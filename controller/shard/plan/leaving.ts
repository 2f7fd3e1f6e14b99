/**
 * A member that is on its way out, one step per pass: leadership first, then its place in the cohort where
 * that can be given up alive, then the pod. Each step is checked again before it is taken.
 */
import { removalOf } from '../../../schemas/durability.ts';
import { mayDisrupt, type Verdict } from '../guards/may-disrupt.ts';
import type { Action, Notice, Plan } from '../state/action.ts';
import { cohortMembers, leaderMember, whyMove, whyReplace } from '../state/health.ts';
import { isAlive, type Member } from '../state/member.ts';
import type { PhaseRecord, Purpose } from '../state/phase.ts';
import { cohortOf, leaderOf } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { isAnswered, requestedSwitch, switchingOf } from '../state/switching.ts';
import { hurried, type Planner } from './planner.ts';

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
    case 'repair':
      return whyReplace(state, member).length > 0 ? undefined : 'it runs the current specification';
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

const clear = ({ pod }: Member, reason: string, notice?: Notice): Action => ({
  kind: 'set-phase',
  pod,
  record: undefined,
  reason,
  ...(notice && { notice }),
});

/** Its replication may be stopped: the record goes only once that was taken back (`rejoin-cohort`). */
const stay = (
  state: ShardState,
  member: Member,
  record: PhaseRecord,
  why: string,
  notice: Notice,
): Partial<Plan> => {
  const { pod, id, status } = member;
  const isOut = record.phase === 'acknowledged' || record.phase === 'ready-for-deletion';
  const isLost = !status && state.nowMs - record.requestedMs > LEAVING_DEADLINE_MS;
  if (!isOut || isLost || leaderMember(state) === member) {
    return { actions: [clear(member, why, notice)] };
  }
  const reason = `back into the cohort: ${why}`;
  const actions: Action[] = state.jobs.has('leave-cohort')
    ? []
    : [{ kind: 'rejoin-cohort', pod, id, reason: why, notice }];
  return { actions, doing: [{ pod, reason }] };
};

const cancel = (state: ShardState, member: Member, record: PhaseRecord, why: string) => {
  const message = `${member.pod} stays: ${why}`;
  const notice = { type: 'Normal', reason: 'DrainCancelled', message, drain: 'cancelled' } as const;
  return stay(state, member, record, why, notice);
};

const giveUp = (state: ShardState, member: Member, record: PhaseRecord, why: string) => {
  const reason = record.purpose === 'move' ? 'SwitchoverFailed' : 'DrainTimeout';
  const again = record.request === undefined ? ' and is tried again' : '';
  const message = `${member.pod}: ${why} (${record.reason}); it stays as it is${again}`;
  const notice = { type: 'Warning', reason, message, drain: 'timeout' } as const;
  return stay(state, member, record, why, notice);
};

const moving = ({ pod }: Member, { reason }: PhaseRecord): Pick<Plan, 'doing'> => ({
  doing: [{ pod, reason: `moving the primary away: ${reason}` }],
});

/** What a refusal means for the plan: a reading, or patience. */
export const refused = (member: Member, verdict: Extract<Verdict, { ok: false }>): Partial<Plan> =>
  verdict.check === 'fresh-reading'
    ? { needsReading: true, doing: [{ pod: member.pod, reason: verdict.reason }] }
    : { blocked: [{ pod: member.pod, reason: verdict.reason }] };

/** A checkpoint of so long ago has left much to write; longer than the pass or two until the switchover. */
const CHECKPOINT_FRESH_MS = 30_000;

/**
 * The runtime stops the Postgres that hands over, and writes wait until it has written all that is dirty: gigabytes,
 * on a busy primary. So they are written before. Undefined where that was done just now.
 */
const planCheckpoint = (state: ShardState, { pod, id }: Member): Partial<Plan> | undefined => {
  const { checkpoint, jobs, nowMs } = state;
  const isFresh = checkpoint?.id === id && nowMs - checkpoint.endedMs < CHECKPOINT_FRESH_MS;
  if (isFresh) return undefined;
  const reason = 'writing a checkpoint before it hands over';
  const actions: Action[] = jobs.has('checkpoint') ? [] : [{ kind: 'checkpoint', pod, id, reason }];
  return { actions, doing: [{ pod, reason }] };
};

const startSwitch = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const purpose = purposeOf(member, record);
  const verdict = mayDisrupt({ state, target: member, purpose, effect: 'switch' });
  if (!verdict.ok) return refused(member, verdict);
  const first = planCheckpoint(state, member);
  if (first) return first;
  const before = record.switch;
  const asked = {
    rule: before?.rule ?? leaderOf(state.members)?.rule ?? {},
    attempts: (before?.attempts ?? 0) + 1,
    firstMs: before?.firstMs ?? state.nowMs,
    lastMs: state.nowMs,
  };
  const { pod, id } = member;
  const message = `primary ${pod} hands over: ${record.reason}`;
  const action: Action = {
    kind: 'switch-primary',
    pod,
    id,
    permit: verdict.permit,
    record: { ...record, phase: 'draining', switch: asked },
    reason: `${record.reason} (attempt ${asked.attempts})`,
    notice: { type: 'Normal', reason: 'SwitchoverStarted', message },
  };
  return { actions: [action], ...moving(member, record) };
};

const deletePod = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const purpose = purposeOf(member, record);
  const verdict = mayDisrupt({ state, target: member, purpose, effect: 'delete' });
  if (!verdict.ok) return refused(member, verdict);
  const { pod, observed } = member;
  const { reason } = record;
  const verb = purpose === 'remove' ? 'removed' : 'replaced';
  const message = `${pod} is ${verb}: ${reason}`;
  const action: Action = {
    kind: 'delete-pod',
    pod,
    uid: observed?.metadata.uid ?? '',
    permit: verdict.permit,
    record: { ...record, phase: 'ready-for-deletion' },
    reason,
    notice: { type: 'Normal', reason: 'DrainCompleted', message, drain: 'success' },
  };
  return { actions: [action], doing: [{ pod, reason: `being ${verb}: ${reason}` }] };
};

/** Out of the cohort while it lives, so that the leader does not wait for it when it stops. */
const leaveCohort = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const { pod, id } = member;
  const doing = [{ pod, reason: 'leaving the cohort' }];
  if (state.jobs.has('leave-cohort')) return { doing };
  const verdict = mayDisrupt({ state, target: member, purpose: 'remove', effect: 'delete' });
  if (!verdict.ok) return refused(member, verdict);
  const { permit } = verdict;
  const { reason } = record;
  const acknowledged: PhaseRecord = { ...record, phase: 'acknowledged' };
  const noted: Action[] =
    record.phase === 'acknowledged'
      ? []
      : [{ kind: 'set-phase', pod, record: acknowledged, reason }];
  return { actions: [...noted, { kind: 'leave-cohort', pod, id, permit, reason }], doing };
};

const leavesAlive = (state: ShardState, member: Member, record: PhaseRecord): boolean =>
  purposeOf(member, record) === 'remove' &&
  cohortOf(state.members).includes(member.id) &&
  removalOf(state.policy, cohortMembers(state), member.id) === 'cohort-first';

const hurry = (state: ShardState, { pod }: Member): Partial<Plan> => ({
  actions: hurried(state, `${pod} handed over and nobody leads`),
  doing: [{ pod, reason: 'electing another primary' }],
});

const stepMove = (state: ShardState, member: Member, record: PhaseRecord): Partial<Plan> => {
  const switching = switchingOf(state, member);
  // A request is answered in the status first: it would be carried out twice otherwise.
  const { request } = record;
  const isWanted = request !== undefined && request === requestedSwitch(state.shard);
  const isOpen = isWanted && !isAnswered(state.shard, request);
  switch (switching.state) {
    case 'none':
    case 'retry':
      // It stopped leading by itself: what was wanted has come about.
      return leaderMember(state) === member
        ? startSwitch(state, member, record)
        : { actions: [clear(member, 'it does not lead')] };
    case 'waiting':
      return moving(member, record);
    case 'leaderless':
      return hurry(state, member);
    case 'moved': {
      if (isOpen) return {};
      const message = `${switching.to.pod} leads instead of ${member.pod}: ${record.reason}`;
      const notice = { type: 'Normal', reason: 'SwitchoverCompleted', message } as const;
      return { actions: [clear(member, message, { ...notice, drain: 'success' })] };
    }
    case 'failed':
      return isOpen ? {} : giveUp(state, member, record, switching.reason);
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
    return moving(member, record);
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
  if (
    state.nowMs - record.requestedMs > LEAVING_DEADLINE_MS &&
    purposeOf(member, record) !== 'move'
  ) {
    return giveUp(state, member, record, 'its turn did not end within 5 minutes');
  }
  return purposeOf(member, record) === 'move'
    ? stepMove(state, member, record)
    : stepOut(state, member, record);
};

/** The member whose turn it is: the one that was asked first. */
export const planLeaving: Planner = (state) => {
  const [first] = state.members
    .filter((member) => member.phase && isAlive(member))
    .toSorted((a, b) => (a.phase?.requestedMs ?? 0) - (b.phase?.requestedMs ?? 0));
  return first?.phase ? step(state, first, first.phase) : {};
};
