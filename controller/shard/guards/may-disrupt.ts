/**
 * May this member, or its leadership, be taken away now? One list of named checks, each with its sentence.
 * Whatever deletes a pod that may be of use, moves a primary or shrinks a cohort passes here.
 */
import { canElect, countByCell, satisfies } from '../../../schemas/durability.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { Permit } from '../state/action.ts';
import {
  awaitsAnotherPrimary,
  cohortMembers,
  isDeadWeight,
  leaderMember,
  memberTrouble,
  orchestratorsReady,
  usefulMembers,
} from '../state/health.ts';
import { runsNothing } from '../state/lifecycle.ts';
import type { Member } from '../state/member.ts';
import type { Purpose } from '../state/phase.ts';
import { cohortOf } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';

export interface Disruption {
  state: ShardState;
  target: Member;
  purpose: Purpose;
  /** `switch`: it stays as a standby. `delete`: its pod goes. */
  effect: 'switch' | 'delete';
}

/** A reading is good for one pass. */
const FRESH_MS = 5_000;

type Refuses = (disruption: Disruption) => string | undefined;

const notPaused: Refuses = ({ state }) =>
  state.paused ? 'the cluster is paused (annotation multigres.com/paused)' : undefined;

const nobodyElse: Refuses = ({ state, target }) => {
  for (const member of state.members) {
    if (member === target) continue;
    const { observed, desired, phase } = member;
    if (phase) return `${member.pod} is on its way out (${phase.reason})`;
    if (observed && isTerminating(observed)) return `${member.pod} is terminating`;
    if (!observed && desired) return `${member.pod} does not exist`;
  }
  return undefined;
};

const leaderAnswers: Refuses = ({ state }) => {
  const leader = leaderMember(state);
  if (!leader) return 'nobody leads';
  return leader.status ? undefined : `primary ${leader.pod} does not answer`;
};

/** A leader outside of its own cohort cannot lose any standby; a switch is its cure. */
const leaderInCohort: Refuses = ({ state, target, effect }) => {
  const leader = leaderMember(state);
  if (!leader || (leader === target && effect === 'switch')) return undefined;
  return cohortOf(state.members).includes(leader.id)
    ? undefined
    : `primary ${leader.pod} is not in its own cohort`;
};

/** Useful is who streams, and is in the cohort. A switch is the cure of one that waits for another primary. */
const othersUseful: Refuses = ({ state, target, effect }) => {
  const leader = leaderMember(state);
  for (const member of state.members) {
    if (member === target || !member.desired) continue;
    if (effect === 'switch' && awaitsAnotherPrimary(state, member)) continue;
    const trouble = memberTrouble(state, member, leader);
    if (trouble !== undefined) return `${member.pod}: ${trouble}`;
  }
  return undefined;
};

/** Of two members each is needed: a replacement stops writes until it is back, but nothing is lost. */
const policyStillMet: Refuses = ({ state, target, purpose, effect }) => {
  const { policy } = state;
  if (effect === 'switch') return undefined;
  const rest = usefulMembers(state).filter((member) => member !== target);
  if (satisfies(policy, countByCell(rest))) return undefined;
  const wanted = state.members.filter(({ desired }) => desired !== undefined);
  const withoutOne = wanted.filter((member) => member !== target);
  const isSpare = satisfies(policy, countByCell(withoutOne));
  if (purpose !== 'remove' && !isSpare) return undefined;
  return `${rest.length} useful members would be left, too few for ${policy.name}`;
};

/** When it leads, the others must be able to elect one of them. */
const othersElect: Refuses = ({ state, target, effect }) => {
  if (leaderMember(state) !== target) return undefined;
  const cohort = cohortMembers(state);
  const recruits = usefulMembers(state).filter((member) => member !== target);
  if (recruits.length === 0) return 'no other member could take over';
  const voters = effect === 'switch' ? [...recruits, target] : recruits;
  return canElect(state.policy, cohort, voters)
    ? undefined
    : `${voters.length} of the cohort of ${cohort.length} could be recruited, too few to elect another primary`;
};

const orchestratorThere: Refuses = ({ state }) =>
  orchestratorsReady(state) > 0
    ? undefined
    : 'no multiorch is ready, who elects and fills the cohort';

const nothingRunsOnIt: Refuses = ({ target }) => {
  const action = target.status?.status?.postgres_action;
  if (action === undefined) return undefined;
  return `${target.pod} is busy (${action.replace('POSTGRES_ACTION_', '').toLowerCase().replaceAll('_', ' ')})`;
};

const fleetHasRoom: Refuses = ({ state, purpose }) => {
  const { rolling, limit } = state.fleet;
  if (purpose !== 'replace' || limit === 0 || rolling.length < limit) return undefined;
  return `${rolling.join(', ')} ${rolling.length > 1 ? 'are' : 'is'} being rolled out, and ${limit} may at once`;
};

const topologyRead: Refuses = ({ state }) =>
  state.dataPlane.error === undefined
    ? undefined
    : `the topology cannot be read: ${state.dataPlane.error}`;

const freshReading: Refuses = ({ state }) => {
  const { readAtMs } = state.dataPlane;
  return readAtMs !== undefined && state.nowMs - readAtMs <= FRESH_MS
    ? undefined
    : 'roles, cohort and positions have to be read anew first';
};

interface Check {
  name: string;
  refuses: Refuses;
  /**
   * `quorum`: not asked before the first primary, nor for a member that is dead weight. `running`: not asked
   * for a pod in which nothing runs.
   */
  protects?: 'quorum' | 'running';
}

/** In the order in which they are told. The reading comes last: it costs a call to every pooler. */
export const CHECKS: readonly Check[] = [
  { name: 'not-paused', refuses: notPaused },
  { name: 'nobody-else', refuses: nobodyElse },
  { name: 'fleet-has-room', refuses: fleetHasRoom },
  { name: 'topology-read', refuses: topologyRead, protects: 'running' },
  { name: 'leader-answers', refuses: leaderAnswers, protects: 'quorum' },
  { name: 'leader-in-cohort', refuses: leaderInCohort, protects: 'quorum' },
  { name: 'others-useful', refuses: othersUseful, protects: 'quorum' },
  { name: 'policy-still-met', refuses: policyStillMet, protects: 'quorum' },
  { name: 'others-elect', refuses: othersElect, protects: 'quorum' },
  { name: 'orchestrator-there', refuses: orchestratorThere, protects: 'quorum' },
  { name: 'nothing-runs-on-it', refuses: nothingRunsOnIt, protects: 'quorum' },
  { name: 'fresh-reading', refuses: freshReading },
];

export type Verdict =
  | { ok: true; permit: Permit }
  /** `check`: name of the one that refused. */
  | { ok: false; check: string; reason: string };

export const mayDisrupt = (disruption: Disruption): Verdict => {
  const { state, target } = disruption;
  const asked = {
    quorum: state.started && !isDeadWeight(state, target),
    running: target.observed === undefined || !runsNothing(target.observed),
  };
  for (const { name, refuses, protects } of CHECKS) {
    if (protects && !asked[protects]) continue;
    const reason = refuses(disruption);
    if (reason !== undefined) return { ok: false, check: name, reason };
  }
  const permit: Permit = {
    pod: target.pod,
    uid: target.observed?.metadata.uid ?? '',
    readAtMs: state.dataPlane.readAtMs ?? state.nowMs,
  };
  return { ok: true, permit };
};
