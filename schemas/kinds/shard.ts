import { backup } from './backup.ts';
import {
  boolean,
  enumeration,
  inline,
  int32,
  type Kind,
  list,
  map,
  optional,
  required,
  string,
  struct,
} from './dsl.ts';
import { commonStatus, conditionPath, pvcPolicy } from './parts.ts';
import { cellName, cellNames, shardName, text } from './scalars.ts';
import { childPools, shardContext, shardSettings } from './shard-parts.ts';
import { multiorch } from './workloads.ts';

export const tableGroupShard = struct('TableGroupShard', 'One shard of a table group.', {
  ...shardSettings,
  name: required(string({ maxLength: 63 }), 'Name of the shard.'),
  multiorch: required(multiorch, 'The multiorch pods.'),
  pools: required(childPools, 'Pools by name.'),
  pvcDeletionPolicy: optional(pvcPolicy, 'What happens to data volumes when pods go.'),
  backup: optional(backup, 'Where backups of this shard go.'),
});

export const tableGroup = {
  kind: 'TableGroup',
  plural: 'tablegroups',
  shortName: 'tbg',
  doc: 'One table group of a database; it makes the Shards.',
  writtenBy: 'operator',
  spec: struct('TableGroupSpec', 'What a table group shall be.', {
    ...shardContext,
    default: optional(boolean, 'The group of all tables that belong to no other one.'),
    shards: required(
      list(tableGroupShard, { listType: 'map', key: 'name', maxItems: 32 }),
      'Its shards.',
    ),
  }),
  status: struct('TableGroupStatus', 'State of a table group.', {
    ...commonStatus,
    readyShards: required(int32(), 'Shards that serve.'),
    totalShards: required(int32(), 'Shards that there should be.'),
  }),
  columns: [
    { name: 'Shards', type: 'integer', jsonPath: '.status.readyShards' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Total', type: 'integer', jsonPath: '.status.totalShards', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
} satisfies Kind;

const time = string({ format: 'date-time' });

export const tolerances = {
  writeTolerance: optional(
    int32(),
    'Members that may fail now while the shard still accepts writes.',
  ),
  failoverTolerance: optional(
    int32(),
    'Members that may fail now while a new primary can still be elected without loss.',
  ),
};

const pooler = inline({
  cell: required(cellName, 'Cell of the pod.'),
  index: required(int32(), 'Index of the pod in its pool and cell.'),
  role: required(text, 'Role, as it last reported it: primary, replica, or unknown.'),
  serving: required(boolean, 'Its Postgres answers queries.'),
  inCohort: required(boolean, 'It is a member of the cohort that the durability policy counts.'),
  lagSeconds: optional(
    int32(),
    'Seconds by which it is behind the primary. Absent when not known.',
  ),
  state: optional(text, 'What it waits for or why it does not serve; absent when all is well.'),
});

export const switchover = inline({
  request: required(
    text,
    'Id of the request: the value of the annotation multigres.com/switchover.',
  ),
  phase: required(
    enumeration(['Pending', 'InProgress', 'Completed', 'Failed']),
    'How far it has come.',
  ),
  from: optional(text, 'Pod of the primary before.'),
  to: optional(text, 'Pod of the primary after.'),
  startedAt: optional(time, 'When the old primary was told to step down.'),
  finishedAt: optional(time, 'When it ended, well or not.'),
  pausedMs: optional(
    int32(),
    'Milliseconds from the last request to step down to the new primary: writes paused no longer than that, earlier requests left out.',
  ),
  message: optional(text, 'What it waits for, or why it failed.'),
});

const spec = struct('ShardSpec', 'What a shard shall be.', {
  ...shardContext,
  ...shardSettings,
  shardName: required(shardName, 'Name of the shard.'),
  multiorch: required(multiorch, 'The multiorch pods.'),
  pools: required(childPools, 'Pools by name.'),
  replicas: optional(
    int32(),
    'Postgres pods of all pools together. Written by the operator for the scale subresource, never read.',
  ),
});

const status = struct('ShardStatus', 'State of a shard.', {
  ...commonStatus,
  cells: optional(cellNames, 'Cells with pods of the shard.'),
  orchReady: required(boolean, 'All multiorch pods are ready.'),
  poolsReady: required(boolean, 'All Postgres pods are ready.'),
  lastBackupTime: optional(time, 'End of the last backup.'),
  lastBackupType: optional(enumeration(['full', 'diff', 'incr']), 'Kind of the last backup.'),
  podRoles: optional(map(text), 'Role of each pod, by name of the pod.'),
  primary: optional(text, 'Pod of the primary. Absent while there is none, or nobody knows it.'),
  cohort: optional(int32(), 'Members of the cohort. Absent while nobody tells it.'),
  expectedMembers: optional(int32(), 'Members that the cohort should have.'),
  ...tolerances,
  doing: optional(text, 'What the operator is doing to the shard and what it waits for.'),
  switchover: optional(switchover, 'The last switchover that was asked for.'),
  poolers: optional(map(pooler), 'State of each Postgres pod, by name of the pod.'),
  durabilityPolicy: optional(
    text,
    'Policy of the rule that its poolers follow: taken when the shard first started, kept since. Absent before.',
  ),
  readyReplicas: optional(int32(), 'Postgres pods that are ready.'),
  postgresConfig: optional(
    inline({
      inProgress: optional(boolean, 'New settings are on their way to the pods.'),
      lastAppliedAt: optional(time, 'When settings last reached all pods.'),
      error: optional(text, 'Why settings could not be applied.'),
    }),
    'How far changed settings of postgresql.conf have come.',
  ),
});

export const shard = {
  kind: 'Shard',
  plural: 'shards',
  shortName: 'srd',
  doc: 'One shard: Postgres pods in pools, and the multiorch pods that watch them.',
  writtenBy: 'operator',
  spec,
  status,
  scale: {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.readyReplicas',
  },
  columns: [
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Available') },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Replicas', type: 'integer', jsonPath: '.status.readyReplicas' },
    { name: 'Primary', type: 'string', jsonPath: '.status.primary' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Desired', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
    { name: 'Cohort', type: 'integer', jsonPath: '.status.cohort', priority: 1 },
    { name: 'Tolerates', type: 'integer', jsonPath: '.status.writeTolerance', priority: 1 },
    { name: 'Doing', type: 'string', jsonPath: '.status.doing', priority: 1 },
    { name: 'Backup', type: 'date', jsonPath: '.status.lastBackupTime', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
} satisfies Kind;
