import { shardSettings } from './database-config.ts';
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
import { childPools } from './pools.ts';
import { cellName, shardName, text } from './scalars.ts';
import { shardContext } from './shard-common.ts';
import { commonStatus, conditionPath } from './status.ts';
import { multiorch } from './workloads.ts';

const time = string({ format: 'date-time' });

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
  cells: optional(
    list(cellName, { listType: 'set', maxItems: 50 }),
    'Cells with pods of the shard.',
  ),
  orchReady: required(boolean, 'All multiorch pods are ready.'),
  poolsReady: required(boolean, 'All Postgres pods are ready.'),
  lastBackupTime: optional(time, 'End of the last backup.'),
  lastBackupType: optional(enumeration(['full', 'diff', 'incr']), 'Kind of the last backup.'),
  podRoles: optional(map(text), 'Role of each pod, by name of the pod.'),
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

export const shard: Kind = {
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
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Desired', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
    { name: 'Backup', type: 'date', jsonPath: '.status.lastBackupTime', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
};
