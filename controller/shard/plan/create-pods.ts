/** Pods that are missing: created at once, but for a primary that has to be replaced as leader first. */
import { canElect } from '../../../schemas/durability.ts';
import type { Pod } from '../../../schemas/k8s.ts';
import { LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import { ownerReference } from '../../builders/owner.ts';
import { findCondition } from '../../observe/conditions.ts';
import type { Plan } from '../state/action.ts';
import { cohortMembers } from '../state/health.ts';
import { isQuarantined } from '../state/lifecycle.ts';
import { isNewcomer, type Member } from '../state/member.ts';
import { leaderOf, shardRule } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { newcomersWait } from './fresh-backup.ts';
import { merged, type Planner } from './planner.ts';

/** Milliseconds since nobody takes writes, by the condition that every leader of the operator can read. */
const leaderlessMs = ({ shard, nowMs }: ShardState): number => {
  const available = findCondition(shard.status?.conditions, 'Available');
  if (available?.status !== 'False') return 0;
  return nowMs - (Date.parse(available.lastTransitionTime) || nowMs);
};

type Hold = { hold: boolean; reason: string };

/** Four times the longest election that was measured: whoever can be elected has been by then. */
const HOLD_LIMIT_MS = 90_000;

/**
 * A primary that was deleted must not come back before another pooler leads: its return replaces the
 * SHUTDOWN record and restarts the election's grace period three times (measured on kind: 22 s without
 * writes instead of 7.7 s). But it must come back when nobody can be elected without it.
 */
const holdBack = (state: ShardState, { id, pod }: Member): Hold => {
  const create = (reason: string): Hold => ({ hold: false, reason });
  const rule = shardRule(state.members);
  const leader = leaderOf(state.members)?.view;
  const lastRole = state.shard.status?.podRoles?.[pod];
  const wasLeader = rule === undefined ? lastRole === 'PRIMARY' : rule.leader_id?.name === id;
  if (!wasLeader) return create('it was not the primary');
  if (leader && leader.id !== id) return create(`${leader.pod} leads now`);
  if (leaderlessMs(state) > HOLD_LIMIT_MS) {
    return create(`nobody was elected in ${Math.round(HOLD_LIMIT_MS / 1000)} s without it`);
  }
  const others = state.members.filter(({ id: other, status }) => other !== id && status);
  if (others.length === 0) return create('no other pooler answers that could be elected');
  const cohort = cohortMembers(state);
  const votes = new Set(cohort.map((member) => member.id));
  const recruits = others.filter(
    ({ id: other, record, status }) =>
      votes.has(other) && !isQuarantined(record) && status?.status?.postgres_ready === true,
  );
  if (cohort.length > 0 && !canElect(state.policy, cohort, recruits)) {
    return create(
      `${recruits.length} of the cohort of ${cohort.length} answer, too few to elect without it`,
    );
  }
  return { hold: true, reason: 'it was the primary, and another pooler has to lead first' };
};

const create = (state: ShardState, { desired }: Member, reason: string): Partial<Plan> => {
  if (!desired) return {};
  const { metadata } = desired.pod;
  const object: Pod = {
    ...desired.pod,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [LABELS.role]: POD_ROLES.replica },
      ownerReferences: [ownerReference(state.shard)],
    },
  };
  const message = `${desired.name}: ${reason}`;
  const notice = { type: 'Normal', reason: 'PodCreated', message } as const;
  return { actions: [{ kind: 'create-pod', object, reason, notice }] };
};

const planMissing = (state: ShardState, member: Member, wait: string | undefined) => {
  const held = (reason: string): Partial<Plan> => ({ held: [{ pod: member.pod, reason }] });
  const [secret] = state.secrets;
  if (secret !== undefined) return held(secret);
  if (wait !== undefined && isNewcomer(member)) return held(wait);
  if (!state.started) return create(state, member, 'missing; the shard has had no primary yet');
  const { hold, reason } = holdBack(state, member);
  return hold ? held(reason) : create(state, member, `missing; ${reason}`);
};

export const planCreatePods: Planner = (state) => {
  const wait = newcomersWait(state);
  const missing = state.members.filter(({ desired, observed }) => desired && !observed);
  return merged(missing.map((member) => planMissing(state, member, wait)));
};
