/** The conditions of a Shard. Pure. */
import type { Condition } from '../../../schemas/k8s.ts';
import { condition, findCondition } from '../../observe/conditions.ts';
import { pausedCondition } from '../../observe/paused.ts';
import { storageClassCondition } from '../../observe/storage-class.ts';
import type { Plan, Waiting } from '../state/action.ts';
import { whyReplace } from '../state/reasons.ts';
import type { ShardState } from '../state/state.ts';
import { backupReport } from './backups.ts';
import type { Facts } from './facts.ts';

const listed = (waiting: readonly Waiting[]): string =>
  waiting.map(({ pod, reason }) => `${pod}: ${reason}`).join('; ');

const availability = (state: ShardState, facts: Facts, message: string): Condition => {
  const { generation } = state.shard.metadata;
  if (facts.serving) {
    const reason = facts.poolsReady ? 'AllPodsReady' : 'PrimaryServing';
    return condition('Available', true, reason, message, generation);
  }
  if (facts.served && facts.unknown) {
    return condition('Available', 'Unknown', 'TopologyUnreachable', message, generation);
  }
  const reason = facts.served ? 'NoPrimary' : 'NotAllPodsReady';
  return condition('Available', false, reason, message, generation);
};

/** A pod that is made anew and not in the cohort after this time: nobody else is touched until it is. */
const STUCK_MS = 900_000;

/** A member of an unfinished rollout that does not come back. */
const stuckSince = (state: ShardState): Waiting | undefined => {
  for (const { pod, observed, desired } of state.members) {
    if (!desired || !observed) continue;
    const age = state.nowMs - Date.parse(observed.metadata.creationTimestamp ?? '');
    if (age > STUCK_MS)
      return { pod, reason: 'it was replaced more than 15 minutes ago and is not back' };
  }
  return undefined;
};

/** In progress from the first pod that goes to the last that is back: other clusters wait meanwhile. */
const rollout = (state: ShardState, plan: Plan, facts: Facts): Condition[] => {
  const { generation } = state.shard.metadata;
  const drifted = state.members.flatMap((member) => {
    const reasons = member.desired && member.observed ? whyReplace(member) : [];
    return reasons.length > 0 ? [{ pod: member.pod, reason: reasons.join(', ') }] : [];
  });
  const active = state.members.some(({ phase }) => phase?.purpose === 'replace');
  const before = findCondition(state.shard.status?.conditions, 'RollingUpdate')?.status === 'True';
  const unfinished = drifted.length > 0 || !facts.complete || !facts.poolsReady;
  const rolling = active || (before && unfinished);
  const waits = plan.blocked.length > 0 ? `; waits: ${listed(plan.blocked)}` : '';
  const text = `${listed(drifted)}${waits}`;
  const stuck = rolling && !active ? stuckSince(state) : undefined;
  return [
    drifted.length > 0
      ? condition('RolloutPending', true, 'PodsDrifted', text, generation)
      : condition(
          'RolloutPending',
          false,
          'PodsUpToDate',
          'All pods run the current specification',
          generation,
        ),
    rolling
      ? condition(
          'RollingUpdate',
          true,
          stuck && !facts.complete ? 'Stuck' : 'InProgress',
          stuck && !facts.complete
            ? listed([stuck])
            : text || 'waiting for the last pod to be back in the cohort',
          generation,
        )
      : condition(
          'RollingUpdate',
          false,
          drifted.length > 0 ? 'Waiting' : 'UpToDate',
          text || 'No pod is being replaced',
          generation,
        ),
  ];
};

const scaleDown = (state: ShardState, plan: Plan): Condition[] => {
  const surplus = state.members.filter(({ desired, observed }) => !desired && observed);
  if (surplus.length === 0 || !state.desired) return [];
  const { generation } = state.shard.metadata;
  const pods = surplus.map(({ pod }) => pod).join(', ');
  const blocked = plan.blocked.filter(({ pod }) => surplus.some((member) => member.pod === pod));
  return [
    blocked.length > 0
      ? condition(
          'ScalingDown',
          true,
          'Waiting',
          `${pods} will leave; waits: ${listed(blocked)}`,
          generation,
        )
      : condition(
          'ScalingDown',
          true,
          'InProgress',
          `${pods} will leave, one at a time`,
          generation,
        ),
  ];
};

const others = (state: ShardState, plan: Plan): Condition[] => {
  const { generation } = state.shard.metadata;
  const { secrets } = state;
  return [
    secrets.length > 0
      ? condition('SecretsReady', false, 'SecretMissing', secrets.join('; '), generation)
      : condition('SecretsReady', true, 'SecretsFound', 'All Secrets are there', generation),
    ...(plan.stuck.length > 0
      ? [condition('PodsStuck', true, 'NodeNotAnswering', listed(plan.stuck), generation)]
      : []),
    ...(state.paused
      ? [
          pausedCondition(
            [...plan.doing, ...plan.blocked].map(({ reason }) => reason),
            generation,
          ),
        ]
      : []),
    ...(state.removal && state.objects.pods.size === 0
      ? [condition('ReadyForDeletion', true, 'DrainComplete', 'No pod is left', generation)]
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
): Condition[] => [
  availability(state, facts, message),
  ...(state.desired ? [...rollout(state, plan, facts), ...scaleDown(state, plan)] : []),
  ...others(state, plan),
  storage(state),
  ...backups(state),
];
