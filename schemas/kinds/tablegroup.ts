import { backup } from './backup.ts';
import { shardSettings } from './database-config.ts';
import { boolean, int32, type Kind, list, optional, required, string, struct } from './dsl.ts';
import { childPools } from './pools.ts';
import { shardContext } from './shard-common.ts';
import { commonStatus } from './status.ts';
import { pvcPolicy } from './storage.ts';
import { multiorch } from './workloads.ts';

const tableGroupShard = struct('TableGroupShard', 'One shard of a table group.', {
  ...shardSettings,
  name: required(string({ maxLength: 63 }), 'Name of the shard.'),
  multiorch: required(multiorch, 'The multiorch pods.'),
  pools: required(childPools, 'Pools by name.'),
  pvcDeletionPolicy: optional(pvcPolicy, 'What happens to data volumes when pods go.'),
  backup: optional(backup, 'Where backups of this shard go.'),
});

export const tableGroup: Kind = {
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
};
