/**
 * Who of a shard is of use now, why a pod has to be replaced by a new one on the same volume, and why a primary
 * has to move: what guards, plan and report judge by. Pure.
 */
import type { Member as PolicyMember } from '../../../schemas/durability.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { LABELS } from '../../../schemas/labels.ts';
import { isReady, isTerminating } from '../../observe/pods.ts';
import { isQuarantined, runsNothing } from './lifecycle.ts';
import type { Member } from './member.ts';
import { isLeaving, silentSinceMs } from './node.ts';
import { cohortOf, isFollowed, leaderOf, shardRule, timeOf, usefulStandby } from './roles.ts';
import type { ShardState } from './state.ts';

/** The member that leads; undefined while nobody does. */
export const leaderMember = ({ members }: Pick<ShardState, 'members'>): Member | undefined => {
  const id = leaderOf(members)?.view.id;
  return members.find((member) => member.id === id);
};

/** A member other than this pod's leads and answers. */
export const anotherLeads = (state: Pick<ShardState, 'members'>, pod: string): boolean => {
  const leader = leaderMember(state);
  return leader?.status !== undefined && leader.pod !== pod;
};

/** Members of the cohort with their cells, those without a pod too. */
export const cohortMembers = ({ members }: Pick<ShardState, 'members'>): PolicyMember[] =>
  (shardRule(members)?.cohort_members ?? []).map(({ name = '', cell = '' }) => ({
    id: name,
    cell,
  }));

/** Why a member is of no use now, as its leader sees it; undefined when it leads or holds writes. */
export const memberTrouble = (
  { nowMs }: Pick<ShardState, 'nowMs'>,
  member: Member,
  leader: Member | undefined,
): string | undefined => {
  if (!member.observed) return 'its pod does not exist';
  if (isTerminating(member.observed)) return 'its pod is terminating';
  const silent = silentSinceMs(member.node);
  if (silent !== undefined) {
    const seconds = Math.max(Math.round((nowMs - silent) / 1000), 0);
    return `node ${member.observed.spec?.nodeName ?? '?'} does not answer since ${seconds} s`;
  }
  if (isQuarantined(member.record)) {
    return `it is quarantined (${member.record?.lifecycle_status?.reason ?? 'no reason given'})`;
  }
  if (member === leader) return member.status ? undefined : 'it does not answer';
  if (!leader?.status) return undefined;
  const test = usefulStandby(member, leader, nowMs);
  return test.useful ? undefined : test.reason;
};

/** Its pod exists and is not ready, or it is of no use: replaced first, it costs nothing. */
export const isSick = (state: Pick<ShardState, 'members' | 'nowMs'>, member: Member): boolean =>
  (member.observed !== undefined && !isReady(member.observed)) ||
  memberTrouble(state, member, leaderMember(state)) !== undefined;

/** A new primary has written its checkpoint by then, after which others may be rewound from it. */
const REWIND_MS = 90_000;

/**
 * Its data has to be rewound, and its primary has said for too long that nothing can be rewound from it. Seen
 * live: a primary whose multipooler was restarted never says so again, until another one is elected.
 */
export const awaitsAnotherPrimary = (
  state: Pick<ShardState, 'members' | 'nowMs'>,
  member: Member,
): boolean => {
  const leader = leaderMember(state);
  const rule = shardRule(state.members);
  if (!leader?.status || !rule || member === leader) return false;
  const diverged = member.status?.availability_status?.suspected_divergence === true;
  const isSource = leader.status.consensus_status?.replication_primary?.rewind_ready === true;
  return diverged && !isSource && state.nowMs - timeOf(rule.creation_time) > REWIND_MS;
};

interface ClaimShape {
  status?: { conditions?: { type: string; status: string; lastTransitionTime?: string }[] };
}

/** A kubelet that can grow the file system under a running pod has done so by then. */
const ONLINE_MS = 120_000;

/** The volume has grown, and its file system grows only when a pod mounts it anew. */
const awaitsRemount = (claim: KubeObject | undefined, nowMs: number): boolean =>
  ((claim as ClaimShape | undefined)?.status?.conditions ?? []).some(
    ({ type, status, lastTransitionTime = '' }) =>
      type === 'FileSystemResizePending' &&
      status === 'True' &&
      nowMs - (Date.parse(lastTransitionTime) || 0) > ONLINE_MS,
  );

/** In words; empty when the pod may stay. */
export const whyReplace = ({ nowMs }: Pick<ShardState, 'nowMs'>, member: Member): string[] => [
  ...member.diff,
  ...(awaitsRemount(member.claim, nowMs)
    ? ['its volume has grown and has to be mounted anew']
    : []),
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

/** The leader, if it answers, and every standby that holds its writes. */
export const usefulMembers = (state: Pick<ShardState, 'members' | 'nowMs'>): Member[] => {
  const leader = leaderMember(state);
  if (!leader?.status) return [];
  return state.members.filter((member) => memberTrouble(state, member, leader) === undefined);
};

/**
 * Proof that nothing is lost when this member's pod goes: it does not lead, and nothing of it runs or the
 * leader itself says that it neither follows nor counts.
 */
export const isDeadWeight = (state: ShardState, member: Member): boolean => {
  const leader = leaderMember(state);
  if (leader === member || shardRule(state.members)?.leader_id?.name === member.id) return false;
  if (member.observed && !isTerminating(member.observed) && runsNothing(member.observed))
    return true;
  if (!leader?.status) return false;
  const followers = leader.status.status?.primary_status?.connected_followers ?? [];
  const follows = followers.some(({ name }) => name === member.id);
  return !follows && !cohortOf(state.members).includes(member.id);
};

const isServing = (state: ShardState, leader: Member | undefined): boolean => {
  if (!leader?.observed) return false;
  const reply = leader.status?.status;
  const primary = reply
    ? reply.postgres_status === 'POSTGRES_STATUS_PRIMARY'
    : isFollowed(leader, state.members, state.nowMs);
  return primary && (leader.record?.serving_status ?? 'SERVING') === 'SERVING';
};

interface Health {
  /** A primary takes writes now. */
  serving: boolean;
  /** Every member asked for is in the cohort and of use, and the cohort has nobody else. */
  complete: boolean;
  /** Neither records nor answers tell who leads: nothing can be said. */
  unknown: boolean;
}

/** A primary serves when its record says so and its own answer does not deny it. */
export const healthOf = (state: ShardState): Health => {
  const leader = leaderMember(state);
  const cohort = cohortOf(state.members);
  const wanted = state.members.filter(({ desired }) => desired !== undefined);
  return {
    serving: isServing(state, leader),
    complete:
      state.dataPlane.error === undefined &&
      leader !== undefined &&
      cohort.length === wanted.length &&
      wanted.every(
        (member) =>
          cohort.includes(member.id) && memberTrouble(state, member, leader) === undefined,
      ),
    unknown: !leader && state.dataPlane.error !== undefined,
  };
};

/** Orchestrator pods that can act: they elect, and they take returning members into the cohort. */
export const orchestratorsReady = ({ objects }: Pick<ShardState, 'objects'>): number =>
  objects.orchPods.filter((pod) => isReady(pod)).length;

/** Cells whose orchestrator is about to go: one that ends in the middle of an election holds it up. */
export const cellsLosingTheirOrchestrator = ({
  objects: { orchPods, nodes },
}: Pick<ShardState, 'objects'>): Set<string> =>
  new Set(
    orchPods
      .filter((pod) => isTerminating(pod) || isLeaving(nodes.get(pod.spec?.nodeName ?? '')))
      .map(({ metadata }) => metadata.labels?.[LABELS.cell] ?? ''),
  );
