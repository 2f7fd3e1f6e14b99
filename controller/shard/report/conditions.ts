/** The conditions of a Shard. Pure. */
import type { Condition } from '../../../schemas/k8s.ts';
import { condition, findCondition, isTrue } from '../../observe/conditions.ts';
import { pausedCondition } from '../../observe/paused.ts';
import { storageClassCondition } from '../../observe/storage-class.ts';
import type { Plan, Waiting } from '../state/action.ts';
import { isSick, whyReplace } from '../state/health.ts';
import type { ShardState } from '../state/state.ts';
import { backupReport } from './backups.ts';
import type { Facts } from './facts.ts';

const listed = (waiting: readonly Waiting[]): string =>
  waiting.map(({ pod, reason }) => `${pod}: ${reason}`).join('; ');

type Say = (
  ...told: [type: string, status: boolean | 'Unknown', reason: string, message: string]
) => Condition;

const sayOf =
  ({ shard }: ShardState): Say =>
  (...told) =>
    condition(...told, shard.metadata.generation);

const availability = (say: Say, facts: Facts, message: string): Condition => {
  if (facts.serving) {
    return say('Available', true, facts.poolsReady ? 'AllPodsReady' : 'PrimaryServing', message);
  }
  if (facts.served && facts.unknown) {
    return say('Available', 'Unknown', 'TopologyUnreachable', message);
  }
  return say('Available', false, facts.served ? 'NoPrimary' : 'NotAllPodsReady', message);
};

/** A pod that is made anew and not in the cohort after this time: nobody else is touched until it is. */
const STUCK_MS = 900_000;

/** A member of an unfinished rollout that does not come back. Pods that wait for their turn are not meant. */
const stuckSince = (state: ShardState): Waiting | undefined => {
  for (const member of state.members) {
    const { pod, observed, desired, diff } = member;
    if (!desired || !observed || diff.length > 0 || !isSick(state, member)) continue;
    const age = state.nowMs - Date.parse(observed.metadata.creationTimestamp ?? '');
    if (age > STUCK_MS)
      return { pod, reason: 'it was replaced more than 15 minutes ago and is not back' };
  }
  return undefined;
};

/** In progress from the first pod that goes to the last that is back: other clusters wait meanwhile. */
const rollout = (state: ShardState, plan: Plan, facts: Facts, say: Say): Condition[] => {
  const drifted = state.members.flatMap((member) => {
    const reasons = member.desired && member.observed ? whyReplace(state, member) : [];
    return reasons.length > 0 ? [{ pod: member.pod, reason: reasons.join(', ') }] : [];
  });
  const active = state.members.some(({ phase }) => phase?.purpose === 'replace');
  const before = isTrue(state.shard.status?.conditions, 'RollingUpdate');
  const behind = state.members.some(({ desired, diff }) => desired && diff.length > 0);
  const unfinished = behind || !facts.complete || !facts.poolsReady;
  const rolling = active || (before && unfinished);
  const waits = plan.blocked.length > 0 ? `; waits: ${listed(plan.blocked)}` : '';
  const text = `${listed(drifted)}${waits}`;
  const stuck = rolling && !active && !facts.complete ? stuckSince(state) : undefined;
  const last = 'waiting for the last pod to be back in the cohort';
  const now = (): Condition => {
    if (stuck) return say('RollingUpdate', true, 'Stuck', listed([stuck]));
    if (rolling) return say('RollingUpdate', true, 'InProgress', text || last);
    const reason = drifted.length > 0 ? 'Waiting' : 'UpToDate';
    return say('RollingUpdate', false, reason, text || 'No pod is being replaced');
  };
  return [
    drifted.length > 0
      ? say('RolloutPending', true, 'PodsDrifted', text)
      : say('RolloutPending', false, 'PodsUpToDate', 'All pods run the current specification'),
    now(),
  ];
};

const scaleDown = (state: ShardState, plan: Plan, say: Say): Condition[] => {
  const surplus = state.members.filter(({ desired, observed }) => !desired && observed);
  if (surplus.length === 0) return [];
  const pods = surplus.map(({ pod }) => pod).join(', ');
  const blocked = plan.blocked.filter(({ pod }) => surplus.some((member) => member.pod === pod));
  return [
    blocked.length > 0
      ? say('ScalingDown', true, 'Waiting', `${pods} will leave; waits: ${listed(blocked)}`)
      : say('ScalingDown', true, 'InProgress', `${pods} will leave, one at a time`),
  ];
};

const others = (state: ShardState, plan: Plan, say: Say): Condition[] => {
  const { secrets, paused, removal, objects, shard } = state;
  const pending = [...plan.doing, ...plan.blocked].map(({ reason }) => reason);
  return [
    secrets.length > 0
      ? say('SecretsReady', false, 'SecretMissing', secrets.join('; '))
      : say('SecretsReady', true, 'SecretsFound', 'All Secrets are there'),
    ...(plan.stuck.length > 0
      ? [say('PodsStuck', true, 'NodeNotAnswering', listed(plan.stuck))]
      : []),
    ...(paused ? [pausedCondition(pending, shard.metadata.generation)] : []),
    ...(removal && objects.pods.size === 0
      ? [say('ReadyForDeletion', true, 'DrainComplete', 'No pod is left')]
      : []),
  ];
};

const storage = ({ shard, objects }: ShardState): Condition => {
  const classes = Object.values(shard.spec?.pools ?? {}).map(({ storage: own }) => own?.class);
  return storageClassCondition(
    [...classes, shard.spec?.backup?.filesystem?.storage?.class],
    objects.storageClasses,
    shard.metadata.generation,
  );
};

const backups = ({ shard, backups: list, nowMs }: ShardState): Condition[] => {
  const before = findCondition(shard.status?.conditions, 'BackupHealthy');
  if (!list && before) return [before];
  return backupReport(list, nowMs, shard.metadata.generation).conditions;
};

export const shardConditions = (
  state: ShardState,
  plan: Plan,
  facts: Facts,
  message: string,
): Condition[] => {
  const say = sayOf(state);
  return [
    availability(say, facts, message),
    ...(state.desired ? [...rollout(state, plan, facts, say), ...scaleDown(state, plan, say)] : []),
    ...others(state, plan, say),
    storage(state),
    ...backups(state),
  ];
};
