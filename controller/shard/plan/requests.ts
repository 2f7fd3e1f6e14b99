/**
 * Choosing the member that leaves next, and why. At most one at a time, so nothing is asked while another
 * leaves.
 */
import { countByCell, satisfies } from '../../../schemas/durability.ts';
import { mayDisrupt } from '../guards/may-disrupt.ts';
import type { Plan } from '../state/action.ts';
import { isSick, leaderMember, memberTrouble, whyMove, whyReplace } from '../state/health.ts';
import { isAlive, type Member } from '../state/member.ts';
import { isLeaving } from '../state/node.ts';
import type { PhaseRecord } from '../state/phase.ts';
import { shardRule, timeOf } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { isAnswered, requestedSwitch } from '../state/switching.ts';
import { refused } from './leaving.ts';
import type { Planner } from './planner.ts';

/** Asks a member to leave, if that is permitted now; says what stands against it otherwise. */
const ask = (
  state: ShardState,
  member: Member,
  wanted: Pick<PhaseRecord, 'purpose' | 'reason' | 'request'>,
  notice: string,
): Partial<Plan> => {
  const { purpose, reason } = wanted;
  const { pod } = member;
  const effect = leaderMember(state) === member ? 'switch' : 'delete';
  const verdict = mayDisrupt({ state, target: member, purpose, effect });
  if (!verdict.ok) return refused(member, verdict);
  const message = `${pod}: ${reason}`;
  return {
    actions: [
      {
        kind: 'set-phase',
        pod,
        record: { ...wanted, phase: 'requested', requestedMs: state.nowMs },
        reason,
        notice: { type: 'Normal', reason: notice, message },
      },
    ],
    doing: [{ pod, reason }],
  };
};

/** Somebody is on its way out already. */
const isBusy = ({ members, jobs }: ShardState): boolean =>
  members.some(({ phase, observed }) => phase !== undefined && observed !== undefined) ||
  [...jobs].some((kind) => kind !== 'backup');

/** A switchover that a user asked for by annotation; each request is carried out once. */
export const planSwitchover: Planner = (state) => {
  const request = requestedSwitch(state.shard);
  if (request === undefined || isAnswered(state.shard, request) || isBusy(state)) return {};
  const leader = leaderMember(state);
  if (!leader) return {};
  const reason = `switchover ${request} was asked for`;
  return ask(state, leader, { purpose: 'move', reason, request }, 'SwitchoverRequested');
};

/** Between two moves: when every node is cordoned in turn, the primary does not run in circles. */
const PAUSE_MS = 10_000;

/**
 * A primary that cannot stay where it is moves: its node shall become empty (its budget keeps evictions off
 * until then), or it leads a cohort that it is no member of.
 */
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
  return ask(state, leader, { purpose: 'move', reason }, 'SwitchoverRequested');
};

/** What is broken first, then standbys, then the primary; highest index first within each. */
const rank = (state: ShardState, member: Member): number => {
  if (leaderMember(state) === member) return 2;
  return isSick(state, member) ? 0 : 1;
};

/** The first of these members, of those whose pod still runs. */
const nextOf = (state: ShardState, leaves: (member: Member) => boolean): Member | undefined =>
  state.members
    .filter((member) => leaves(member) && isAlive(member))
    .toSorted(
      (a, b) => rank(state, a) - rank(state, b) || b.index - a.index || (a.pod < b.pod ? -1 : 1),
    )[0];

/** Pods whose specification changed, and those that the runtime gave up: one after the other, primary last. */
export const planReplace: Planner = (state) => {
  if (isBusy(state)) return {};
  const next = nextOf(state, (member) => !!member.desired && whyReplace(state, member).length > 0);
  if (!next) return {};
  const reason = whyReplace(state, next).slice(0, 3).join('; ');
  return next.diff.length > 0
    ? ask(state, next, { purpose: 'replace', reason }, 'RollingUpdateStarted')
    : ask(state, next, { purpose: 'repair', reason }, 'RepairStarted');
};

/** Members beyond the specification leave one at a time, standbys first, highest index first. */
export const planScaleDown: Planner = (state) => {
  if (isBusy(state) || !state.desired) return {};
  const next = nextOf(state, ({ desired }) => !desired);
  if (!next) return {};
  const stay = state.members.filter(({ desired }) => desired !== undefined);
  if (state.started && !satisfies(state.policy, countByCell(stay))) {
    const reason = `the specification asks for too few members (${stay.length}) for ${state.policy.name}: raise replicasPerCell again`;
    return { blocked: [{ pod: next.pod, reason }] };
  }
  const leads = leaderMember(state) === next ? ', and it leads' : '';
  const reason = `the specification asks for fewer poolers${leads}`;
  return ask(state, next, { purpose: 'remove', reason }, 'DrainStarted');
};
