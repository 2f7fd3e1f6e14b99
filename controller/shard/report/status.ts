import type { Condition, KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { Phase, Shard, ShardStatus } from '../../../schemas/types.ts';
import { condition, findCondition } from '../../observe/conditions.ts';
import { crashLoop, isReady, isTerminating, troubles } from '../../observe/pods.ts';
import { storageClassCondition } from '../../observe/storage-class.ts';
import { workloadOf } from '../../observe/workload.ts';
import type { BackupMetadata } from '../../rpc/types.ts';
import { backupReport } from './backups.ts';
import type { DataPlane, Member } from '../gather/data-plane.ts';
import type { Plan } from '../plan/plan.ts';
import type { ProgressInput } from './progress.ts';
import type { Health } from './progress.ts';
import { healthOf, progress } from './progress.ts';
import { leaderOf, rolesOf, rulePolicy } from '../state/roles.ts';

export interface StatusInput {
  shard: Shard;
  members: readonly Member[];
  pods: ReadonlyMap<string, Pod>;
  orchDeployments: readonly KubeObject[];
  orchPods: readonly Pod[];
  /** Orchestrators that the spec asks for. */
  orchWanted: number;
  storageClasses: readonly KubeObject[];
  dataPlane?: DataPlane;
  plan?: Plan;
  /** What stops the shard: Secrets, settings, children that could not be written. */
  problems: { secrets: string[]; config?: string; failure?: string };
  /** Hashes of the settings that pods should have. */
  config?: { restart: string; reload: string };
  backups?: readonly BackupMetadata[];
  /** What an orchestrator says while nobody leads. */
  election?: string;
  /** Since when a serving shard is not complete, ms since the epoch; absent while it is. */
  incompleteSinceMs?: number;
  nowMs: number;
}

/** A healthy shard stays so through a lack this short: one reading under load proves nothing. */
const LACK_MS = 10_000;

/** Still healthy, although this one reading found something missing. */
const isBlip = (input: StatusInput): boolean =>
  input.shard.status?.phase === 'Healthy' &&
  input.incompleteSinceMs !== undefined &&
  input.nowMs - input.incompleteSinceMs < LACK_MS;

/** Whether a primary serves now, and whether the rest of the shard is as it should be. */
export const healthNow = (input: StatusInput): Health => healthOf(progressInput(input));

/** Reasons that a shard can have only after it had a primary. */
const AFTER_SERVING = new Set(['NoPrimary', 'TopologyUnreachable']);

/** Whether the shard has had a primary since it exists. */
export const hasServed = (shard: Shard): boolean => {
  const available = findCondition(shard.status?.conditions, 'Available');
  return (
    available?.status === 'True' || (available !== undefined && AFTER_SERVING.has(available.reason))
  );
};

const progressInput = (input: StatusInput): ProgressInput => ({
  members: input.members,
  pods: input.pods,
  ...(input.dataPlane ? { dataPlane: input.dataPlane } : {}),
  topoAddress: input.shard.spec?.globalTopoServer.address ?? '',
  served: hasServed(input.shard),
  nowMs: input.nowMs,
});

interface Facts {
  ready: number;
  total: number;
  poolsReady: boolean;
  orchReady: boolean;
  serving: boolean;
  complete: boolean;
  unknown: boolean;
  served: boolean;
  /** Pods that keep failing, in words. */
  crashes: string[];
}

const factsOf = (input: StatusInput): Facts => {
  const pods = input.members.flatMap(({ pod }) => input.pods.get(pod) ?? []);
  const ready = pods.filter(isReady).length;
  const total = input.members.length;
  const orchs = input.orchDeployments.map(workloadOf);
  const { serving, complete, unknown } = healthNow(input);
  const crashes = [...pods, ...input.orchPods].flatMap((pod) => {
    const why = crashLoop(pod);
    return why === undefined ? [] : [`${pod.metadata.name} ${why}`];
  });
  return {
    ready,
    total,
    poolsReady: total > 0 && ready === total,
    orchReady:
      input.orchWanted > 0 &&
      orchs.length >= input.orchWanted &&
      orchs.every(({ allReady }) => allReady),
    serving,
    complete: complete || (serving && isBlip(input)),
    unknown,
    served: hasServed(input.shard) || serving,
    crashes,
  };
};

const isPending = (shard: Shard): boolean =>
  shard.metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;

const phaseOf = (input: StatusInput, facts: Facts): Phase => {
  if (facts.crashes.length > 0) return 'Degraded';
  const down = facts.served && !facts.serving && !facts.unknown;
  if (down && !isPending(input.shard)) return 'Degraded';
  const complete = facts.poolsReady && facts.orchReady && facts.serving && facts.complete;
  return complete && !isPending(input.shard) ? 'Healthy' : 'Progressing';
};

const messageOf = (input: StatusInput, facts: Facts): string => {
  const { shard } = input;
  const { secrets, config, failure } = input.problems;
  const parts = [
    ...secrets,
    ...(config === undefined ? [] : [config]),
    ...(failure === undefined ? [] : [failure]),
    ...facts.crashes.slice(0, 2),
    ...(input.plan?.held ?? [])
      .filter(({ reason }) => !secrets.includes(reason))
      .map(({ pod, reason }) => `${pod} is held back: ${reason}`),
    ...(facts.serving && isBlip(input) && facts.poolsReady
      ? [shard.status?.message ?? '']
      : progress(progressInput(input))),
    ...(facts.orchReady
      ? []
      : [['multiorch is not ready in every cell', ...troubles(input.orchPods, 1)].join(': ')]),
    ...(input.election === undefined ? [] : [input.election]),
    ...(isPending(input.shard) ? ['being removed'] : []),
  ];
  return [...new Set(parts)].slice(0, 6).join('; ');
};

const availability = (input: StatusInput, facts: Facts, message: string): Condition => {
  const { generation } = input.shard.metadata;
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

const listed = (pods: readonly string[]): string => pods.join(', ');

const planConditions = (input: StatusInput): Condition[] => {
  const { plan, shard } = input;
  const { generation } = shard.metadata;
  if (!plan) return [];
  const drifted = plan.drifted;
  const conditions = [
    condition(
      'RolloutPending',
      drifted.length > 0,
      drifted.length > 0 ? 'PodsDrifted' : 'PodsUpToDate',
      drifted.length > 0
        ? `${listed(drifted)} ${drifted.length > 1 ? 'run' : 'runs'} an older specification. Pods are not replaced by themselves: delete one at a time, the primary last, and wait until the shard is Healthy in between`
        : 'All pods run the current specification',
      generation,
    ),
  ];
  if (plan.surplus.length > 0) {
    const text = `${listed(plan.surplus)} ${plan.surplus.length > 1 ? 'are' : 'is'} beyond the specified number and ${plan.surplus.length > 1 ? 'stay' : 'stays'}: lowering the number of poolers is not done by this version. Raise replicasPerCell to what runs`;
    conditions.push(condition('ScaleDownRefused', true, 'PodsKept', text, generation));
  }
  if (plan.stuck.length > 0) {
    const text = plan.stuck.map(({ pod, reason }) => `${pod}: ${reason}`).join('; ');
    conditions.push(condition('PodsStuck', true, 'NodeNotAnswering', text, generation));
  }
  return conditions;
};

const secretsCondition = (input: StatusInput): Condition => {
  const { secrets } = input.problems;
  const { generation } = input.shard.metadata;
  return secrets.length > 0
    ? condition('SecretsReady', false, 'SecretMissing', secrets.join('; '), generation)
    : condition('SecretsReady', true, 'SecretsFound', 'All Secrets are there', generation);
};

const deletionConditions = (input: StatusInput): Condition[] => {
  if (!isPending(input.shard) || input.pods.size > 0) return [];
  const { generation } = input.shard.metadata;
  return [condition('ReadyForDeletion', true, 'DrainComplete', 'No pod is left', generation)];
};

const configStatus = (input: StatusInput): Pick<ShardStatus, 'postgresConfig'> => {
  const before = input.shard.status?.postgresConfig;
  const { config } = input;
  if (input.problems.config !== undefined) {
    return { postgresConfig: { ...before, inProgress: false, error: input.problems.config } };
  }
  if (!config) return before ? { postgresConfig: before } : {};
  const live = [...input.pods.values()].filter((pod) => !isTerminating(pod));
  const settled =
    live.length > 0 &&
    live.every(
      ({ metadata: { annotations } }) =>
        annotations?.[ANNOTATIONS.postgresConfigHash] === config.restart &&
        annotations[ANNOTATIONS.postgresReloadHash] === config.reload,
    );
  const { lastAppliedAt } = before ?? {};
  const now = new Date(input.nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const wasSettled = before?.inProgress === false && before.error === undefined;
  const at = settled && !(wasSettled && lastAppliedAt) ? now : lastAppliedAt;
  return {
    postgresConfig: { inProgress: !settled, ...(at === undefined ? {} : { lastAppliedAt: at }) },
  };
};

const cellsOf = (shard: Shard): string[] => {
  const pools = Object.values(shard.spec?.pools ?? {}).flatMap(({ cells }) => cells ?? []);
  return [...new Set([...pools, ...(shard.spec?.multiorch.cells ?? [])])].toSorted();
};

/** Roles as read now; what could not be read keeps its last role. */
const rolesNow = (input: StatusInput): Record<string, string> => {
  const { dataPlane, shard } = input;
  const before = shard.status?.podRoles ?? {};
  if (!dataPlane) return {};
  const now = rolesOf(dataPlane.views);
  if (dataPlane.error === undefined) return now;
  const known = leaderOf(dataPlane.views) ? { ...before, ...now } : before;
  const kept = Object.entries(known).filter(([pod]) => input.pods.has(pod));
  return Object.fromEntries(kept);
};

/** Under which policy the shard runs: the last that is known, since its rule keeps it. */
const policyNow = ({ dataPlane, shard }: StatusInput): Pick<ShardStatus, 'durabilityPolicy'> => {
  const name = rulePolicy(dataPlane?.views ?? []) ?? shard.status?.durabilityPolicy;
  return name === undefined ? {} : { durabilityPolicy: name };
};

/** The whole status of a Shard, from what was observed. Pure. */
export const shardStatus = (input: StatusInput): ShardStatus => {
  const { shard } = input;
  const { generation } = shard.metadata;
  const facts = factsOf(input);
  const message = messageOf(input, facts);
  const backup = backupReport(input.backups, input.nowMs, generation);
  const kept = input.backups
    ? {}
    : {
        ...(shard.status?.lastBackupTime ? { lastBackupTime: shard.status.lastBackupTime } : {}),
        ...(shard.status?.lastBackupType ? { lastBackupType: shard.status.lastBackupType } : {}),
      };
  const backupBefore = findCondition(shard.status?.conditions, 'BackupHealthy');
  const classes = Object.values(shard.spec?.pools ?? {}).map(({ storage }) => storage?.class);
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: phaseOf(input, facts),
    message,
    cells: cellsOf(shard),
    orchReady: facts.orchReady,
    poolsReady: facts.poolsReady,
    readyReplicas: facts.ready,
    podRoles: rolesNow(input),
    ...policyNow(input),
    ...kept,
    ...backup.status,
    ...configStatus(input),
    conditions: [
      availability(input, facts, message),
      secretsCondition(input),
      storageClassCondition(
        [...classes, shard.spec?.backup?.filesystem?.storage?.class],
        input.storageClasses,
        generation,
      ),
      ...planConditions(input),
      ...(input.backups || !backupBefore ? backup.conditions : [backupBefore]),
      ...deletionConditions(input),
    ],
  };
};
