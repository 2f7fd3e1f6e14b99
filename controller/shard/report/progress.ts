/** How far a shard is on its way to a serving primary, and what of it is not as it should be. Pure. */
import { isReady, podTrouble } from '../../observe/pods.ts';
import type { DetectedProblem } from '../../rpc/types.ts';
import { leaderMember, memberTrouble } from '../state/health.ts';
import { isAlive, type Member } from '../state/member.ts';
import { silentSinceMs } from '../state/node.ts';
import { nameOf } from '../state/places.ts';
import { cohortOf, isFollowed } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';

const withAction = (members: readonly Member[], action: string): string[] =>
  members
    .filter(({ status }) => status?.status?.postgres_action === `POSTGRES_ACTION_${action}`)
    .map(({ pod }) => pod);

const bootstrap = (members: readonly Member[], total: number): string => {
  const backup = withAction(members, 'CREATING_FIRST_BACKUP');
  if (backup.length > 0) return `first backup running on ${backup.join(', ')}`;
  const standbys = members.filter(
    ({ status }) => status?.status?.postgres_status === 'POSTGRES_STATUS_STANDBY',
  ).length;
  const restoring = withAction(members, 'RESTORING_FROM_BACKUP');
  if (restoring.length > 0) return `${standbys} of ${total} poolers restored`;
  if (standbys > 0 && standbys < total) {
    return `${standbys} of ${total} poolers restored, electing a primary`;
  }
  if (standbys === total) return 'all poolers restored, electing a primary';
  const registered = members.filter(({ record }) => record !== undefined).length;
  return `${registered} of ${total} poolers registered, waiting for their first backup`;
};

/** `cohort 3 of 3`; more than asked for while members leave. */
const cohortText = (cohort: number, total: number): string =>
  cohort <= total ? `cohort ${cohort} of ${total}` : `cohort ${cohort}, ${total} asked for`;

/** Who leads, how full the cohort is, and why a member is of no use now. */
const members = (state: ShardState): string[] => {
  const wanted = state.members.filter(({ desired }) => desired !== undefined);
  const total = wanted.length;
  const leader = leaderMember(state);
  if (!leader) {
    return state.started
      ? ['no primary: writes wait for an election']
      : [bootstrap(state.members, total)];
  }
  const cohort = cohortOf(state.members);
  const answers = leader.status ?? isFollowed(leader, state.members, state.nowMs);
  const counted = cohort.length > 0 ? `, ${cohortText(cohort.length, total)}` : '';
  const named = `${nameOf(state, leader)}${answers ? '' : ' does not answer'}`;
  const parts = [`primary ${named}${counted}`];
  if (cohort.length > 0 && !cohort.includes(leader.id)) {
    parts.push('the primary is not in its own cohort: switch the primary to repair it');
  }
  for (const member of wanted) {
    // Pods that are not ready are told apart.
    if (member === leader || !member.observed || !isReady(member.observed)) continue;
    const trouble = memberTrouble(state, member, leader);
    if (trouble !== undefined) parts.push(`standby ${nameOf(state, member)}: ${trouble}`);
  }
  return parts;
};

/** Coarse, so that a status is not written each second. */
const secondsText = (ms: number): string => {
  const seconds = Math.max(Math.floor(ms / 1000), 0);
  return seconds < 120 ? `${seconds - (seconds % 10)} s` : `${Math.floor(seconds / 60)} min`;
};

/** Why a pod is not ready. Its node first: what the pod said last is old when the node is silent. */
const readinessTrouble = (state: ShardState, member: Member): string | undefined => {
  const { observed, node } = member;
  if (!observed) return undefined;
  const silent = silentSinceMs(node);
  if (silent !== undefined) {
    return `node ${observed.spec?.nodeName ?? '?'} does not answer since ${secondsText(state.nowMs - silent)}`;
  }
  return podTrouble(observed);
};

const readiness = (state: ShardState): string[] => {
  const wanted = state.members.filter(({ desired }) => desired !== undefined);
  const ready = wanted.filter((member) => member.observed && isReady(member.observed)).length;
  if (ready === wanted.length) return [];
  const missing = wanted.filter(({ observed }) => !observed).length;
  const counted = `${ready} of ${wanted.length} pods ready`;
  const troubles = wanted.flatMap((member) => {
    const trouble = readinessTrouble(state, member);
    return trouble === undefined ? [] : [`${nameOf(state, member)} ${trouble}`];
  });
  return [
    missing > 0 ? `${counted}, ${missing} not created` : counted,
    ...troubles.toSorted().slice(0, 2),
  ];
};

/** In the order in which things come about. */
export const progress = (state: ShardState): string[] => {
  const { dataPlane } = state;
  const parts = readiness(state);
  if (!state.members.some(isAlive) && !state.started) return parts;
  if (dataPlane.error !== undefined) {
    const address = state.shard.spec?.globalTopoServer.address ?? '';
    parts.push(`topology at ${address} cannot be read: ${dataPlane.error}`);
    return leaderMember(state) ? [...parts, ...members(state)] : parts;
  }
  if (dataPlane.unregisteredCells.length > 0) {
    parts.push(
      `waiting for the topology records of cells ${dataPlane.unregisteredCells.join(', ')}`,
    );
  }
  return [...parts, ...members(state)];
};

/** Problems that name the whole shard; those of single poolers are seen without help. */
const OF_SHARD = new Set([
  'ShardNeedsInitialization',
  'ShardStuck',
  'LeaderUnspecified',
  'LeaderUnreachableByCohort',
  'LeaderUnhealthy',
  'LeaderResigned',
  'NoHealthyCohortMembers',
]);

/** The gravest of what an orchestrator lists, in words; undefined when there is none. */
export const problemText = (problems: readonly DetectedProblem[]): string | undefined => {
  const [gravest] = problems
    .filter(({ code }) => OF_SHARD.has(code ?? ''))
    .toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0));
  const stuck = problems.find(({ code }) => code === 'ShardStuck') ?? gravest;
  if (!stuck) return undefined;
  const hint =
    stuck.code === 'ShardStuck'
      ? ': too few members of the cohort answer to elect one; bring a missing pod back'
      : '';
  return `multiorch reports ${stuck.code ?? '?'}${hint}`;
};
