/** Pods that are missing: created at once, but for a primary that has to be replaced as leader first. */
import type { Pod } from '../../../schemas/k8s.ts';
import { LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import { ownerReference } from '../../builders/owner.ts';
import { findCondition } from '../../observe/conditions.ts';
import type { Plan } from '../state/action.ts';
import type { Member } from '../state/member.ts';
import { isNewcomer } from '../state/member.ts';
import type { ShardState } from '../state/state.ts';
import { holdBack } from './hold.ts';
import type { Planner } from './planner.ts';
import { newcomersWait } from './fresh-backup.ts';

/** Since when nobody takes writes, by the condition that every leader of the operator can read. */
const leaderlessMs = ({ shard, nowMs }: ShardState): number => {
  const available = findCondition(shard.status?.conditions, 'Available');
  if (available?.status !== 'False') return 0;
  return nowMs - (Date.parse(available.lastTransitionTime) || nowMs);
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
  const notice = {
    type: 'Normal',
    reason: 'PodCreated',
    message: `${desired.name}: ${reason}`,
  } as const;
  return { actions: [{ kind: 'create-pod', object, reason, notice }] };
};

const planMissing = (state: ShardState, member: Member, wait: string | undefined) => {
  const held = (reason: string): Partial<Plan> => ({ held: [{ pod: member.pod, reason }] });
  const [secret] = state.secrets;
  if (secret !== undefined) return held(secret);
  if (wait !== undefined && isNewcomer(member)) return held(wait);
  if (!state.started) return create(state, member, 'missing; the shard has had no primary yet');
  const lastRole = state.shard.status?.podRoles?.[member.pod];
  const { hold, reason } = holdBack({
    id: member.id,
    views: state.members,
    ...(lastRole === undefined ? {} : { lastRole }),
    missingMs: leaderlessMs(state),
    policy: state.policy,
  });
  return hold ? held(reason) : create(state, member, `missing; ${reason}`);
};

export const planCreatePods: Planner = (state) => {
  const wait = newcomersWait(state);
  const parts = state.members
    .filter(({ desired, observed }) => desired !== undefined && !observed)
    .map((member) => planMissing(state, member, wait));
  return {
    actions: parts.flatMap(({ actions = [] }) => actions),
    held: parts.flatMap((part) => ('held' in part ? (part.held ?? []) : [])),
  };
};
