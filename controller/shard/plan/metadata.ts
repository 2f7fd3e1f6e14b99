/** Labels, annotations and owner of pods; nothing else of a living pod can change. */
import { compact, nonEmpty } from '../../../schemas/compact.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import { ownerReference } from '../../builders/owner.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { Action } from '../state/action.ts';
import { leaderMember } from '../state/health.ts';
import { hasEnded } from '../state/lifecycle.ts';
import type { Member } from '../state/member.ts';
import type { ShardState } from '../state/state.ts';
import type { Planner } from './planner.ts';

/** Stamped when a pod is made or reloaded; a different value is drift, not a wrong label. */
const STAMPS = new Set<string>([
  ANNOTATIONS.specHash,
  ANNOTATIONS.postgresConfigHash,
  ANNOTATIONS.postgresReloadHash,
]);

type Texts = Readonly<Record<string, string>>;

const differences = (wanted: Texts = {}, observed: Texts = {}): Texts | undefined => {
  const entries = Object.entries(wanted);
  const wrong = entries.filter(([key, value]) => !STAMPS.has(key) && observed[key] !== value);
  return wrong.length > 0 ? Object.fromEntries(wrong) : undefined;
};

const podPatch = (
  wanted: Pod | undefined,
  observed: Pod,
  owner: KubeObject,
  role: string | undefined,
): unknown => {
  const roles = role === undefined ? {} : { [LABELS.role]: role };
  const labels = differences({ ...wanted?.metadata.labels, ...roles }, observed.metadata.labels);
  const annotations = differences(wanted?.metadata.annotations, observed.metadata.annotations);
  const isOwned = observed.metadata.ownerReferences?.some((ref) => ref.uid === owner.metadata.uid);
  const ownerReferences = isOwned ? undefined : [ownerReference(owner)];
  const metadata = nonEmpty(compact({ labels, annotations, ownerReferences }));
  return metadata && { metadata };
};

/**
 * The budget that keeps evictions off a primary selects by this label, so it leaves the old primary only
 * when the new one has it, and nobody while nobody leads.
 */
const roleLabel = (state: ShardState, member: Member): string | undefined => {
  const leader = leaderMember(state);
  if (!leader) return undefined;
  if (leader === member) return POD_ROLES.primary;
  const marked = leader.observed?.metadata.labels?.[LABELS.role] === POD_ROLES.primary;
  const led = member.observed?.metadata.labels?.[LABELS.role] === POD_ROLES.primary;
  return led && !marked ? undefined : POD_ROLES.replica;
};

export const planMetadata: Planner = (state) => ({
  actions: state.members.flatMap((member): Action[] => {
    const { observed, desired, pod } = member;
    if (!observed || isTerminating(observed) || hasEnded(observed)) return [];
    const patch = podPatch(desired?.pod, observed, state.shard, roleLabel(state, member));
    const reason = 'labels, annotations or owner are not what they should be';
    return patch === undefined ? [] : [{ kind: 'patch-pod', pod, patch, reason }];
  }),
});
