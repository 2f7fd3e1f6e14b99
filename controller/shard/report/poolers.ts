/** What the status says of each pooler, and of all of them together. Pure. */
import { compact } from '../../../schemas/compact.ts';
import { countByCell, durabilityOf, electionTolerance } from '../../../schemas/durability.ts';
import type { ShardStatus } from '../../../schemas/types.ts';
import { isReady } from '../../observe/pods.ts';
import { cohortMembers, leaderMember, memberTrouble, usefulMembers } from '../state/health.ts';
import type { Member } from '../state/member.ts';
import { cohortOf, leaderOf, rolesOf, rulePolicy } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';

/** Roles as known now; what could not be read keeps its last role. */
const podRoles = (state: ShardState): Record<string, string> => {
  const { dataPlane, shard, objects } = state;
  const existing = state.members.filter(({ pod }) => objects.pods.has(pod));
  const before = shard.status?.podRoles ?? {};
  const now = rolesOf(existing);
  const last = { ...before, ...(leaderOf(state.members) && now) };
  const known = dataPlane.error === undefined ? now : last;
  return Object.fromEntries(Object.entries(known).filter(([pod]) => objects.pods.has(pod)));
};

/** Seconds that are worth telling: below, a standby counts as level, and a status would never rest. */
const LAG_S = 10;

const lagOf = ({ status }: Member): number | undefined => {
  const lag = Number(status?.status?.replication_status?.lag?.seconds ?? 0);
  return lag >= LAG_S ? lag - (lag % LAG_S) : undefined;
};

const stateText = (state: ShardState, member: Member, leader: Member | undefined) => {
  const { phase, observed } = member;
  if (phase) return `${phase.phase}: ${phase.reason}`;
  if (!observed) return 'its pod does not exist';
  if (!isReady(observed)) return 'its pod is not ready';
  const trouble = memberTrouble(state, member, leader);
  // The seconds of a silent node are in the message of the Shard.
  return trouble?.replace(/ since \d+ s$/, '');
};

const poolers = (state: ShardState): NonNullable<ShardStatus['poolers']> => {
  const leader = leaderMember(state);
  const cohort = cohortOf(state.members);
  const entries = state.members
    .filter(({ observed, desired }) => observed ?? desired)
    .map((member) => {
      const { pod, cell, index, id, status, record } = member;
      const known = status !== undefined || record !== undefined;
      const text = stateText(state, member, leader);
      const role = member === leader ? 'primary' : known ? 'replica' : 'unknown';
      const serving = status?.status?.postgres_ready === true;
      const inCohort = cohort.includes(id);
      const lagSeconds = lagOf(member);
      return [pod, compact({ cell, index, role, serving, inCohort, lagSeconds, state: text })];
    });
  return Object.fromEntries(entries);
};

/** What may be lost now, by what answers and streams, not by what should. */
const tolerance = (state: ShardState) => {
  const useful = usefulMembers(state);
  const cohort = cohortMembers(state);
  const silent = cohort.filter(({ id }) => !useful.some((member) => member.id === id)).length;
  const { writeTolerance } = durabilityOf(state.policy, countByCell(useful));
  const elections = electionTolerance(state.policy, countByCell(cohort)) - silent;
  return {
    writeTolerance,
    failoverTolerance: Math.max(Math.min(elections, writeTolerance), 0),
  };
};

export const poolerStatus = (state: ShardState) => {
  const leader = leaderMember(state);
  return compact({
    podRoles: podRoles(state),
    primary: leader?.observed && leader.pod,
    cohort: cohortOf(state.members).length || undefined,
    expectedMembers: state.members.filter(({ desired }) => desired).length || undefined,
    ...(state.started && tolerance(state)),
    poolers: poolers(state),
    // Its rule keeps the policy under which it first started: the last that is known.
    durabilityPolicy: rulePolicy(state.members) ?? state.shard.status?.durabilityPolicy,
  });
};
