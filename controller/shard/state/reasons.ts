/** Why a pod has to be replaced by a new one on the same volume, and why a primary has to move. Pure. */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { awaitsAnotherPrimary } from './health.ts';
import { isQuarantined } from './lifecycle.ts';
import type { Member } from './member.ts';
import { isLeaving } from './node.ts';
import { cohortOf, shardRule, timeOf } from './roles.ts';
import type { ShardState } from './state.ts';

interface ClaimShape {
  status?: { conditions?: { type: string; status: string }[] };
}

/** The volume has grown, and its file system grows only when a pod mounts it anew. */
const awaitsRemount = (claim: KubeObject | undefined): boolean =>
  ((claim as ClaimShape | undefined)?.status?.conditions ?? []).some(
    ({ type, status }) => type === 'FileSystemResizePending' && status === 'True',
  );

/** In words; empty when the pod may stay. */
export const whyReplace = (member: Member): string[] => [
  ...member.diff,
  ...(awaitsRemount(member.claim) ? ['its volume has grown and has to be mounted anew'] : []),
  ...(isQuarantined(member.record)
    ? [`the runtime gave it up (${member.record?.lifecycle_status?.reason ?? 'no reason given'})`]
    : []),
];

/** A rule this young may still be completed. */
const YOUNG_RULE_MS = 30_000;

/** Why leadership has to leave this member; undefined when it may stay. */
export const whyMove = (state: ShardState, leader: Member): string | undefined => {
  if (isLeaving(leader.node)) {
    return `node ${leader.observed?.spec?.nodeName ?? '?'} is to be emptied`;
  }
  const waiting = state.members.find((member) => awaitsAnotherPrimary(state, member));
  if (waiting) return `${waiting.pod} has to be rewound, and cannot be from this primary`;
  const rule = shardRule(state.members);
  const inside = cohortOf(state.members).includes(leader.id);
  if (!rule || inside || rule.leader_id?.name !== leader.id) return undefined;
  const age = state.nowMs - timeOf(rule.creation_time);
  return age > YOUNG_RULE_MS ? 'it is not in its own cohort' : undefined;
};
