import { backup } from './backup.ts';
import { boolean, list, optional, required, ruled, string, struct } from './dsl.ts';
import { pvcPolicyInList, specExcludes } from './parts.ts';
import { databaseName, shardName, tableGroupName, templateRef, text } from './scalars.ts';
import { clusterPools, shardSettings } from './shard-parts.ts';

export const shardOverrides = struct('ShardOverrides', 'Settings that win over a template.', {
  ...shardSettings,
  pools: optional(clusterPools, 'Pools by name. Pools can be added, not removed.'),
});

export const shardInlineSpec = struct('ShardInlineSpec', 'A shard written out.', {
  ...shardOverrides.fields,
  pvcDeletionPolicy: optional(pvcPolicyInList, 'What happens to data volumes when pods go.'),
});

export const shardConfig = ruled(
  struct('ShardConfig', 'One shard of a table group.', {
    name: required(
      ruled(
        string({
          ...shardName,
        }),
        { 'only one shard per table group is possible today: name it 0-inf': "self == '0-inf'" },
      ),
      'Name of the shard: 0-inf.',
    ),
    shardTemplate: optional(templateRef, 'ShardTemplate to take settings from.'),
    overrides: optional(shardOverrides, 'Settings that win over those of the template.'),
    spec: optional(shardInlineSpec, 'Settings written out here instead of taken from a template.'),
    backup: optional(backup, 'Where backups of this shard go. Absent: as the table group.'),
  }),
  specExcludes('shardTemplate'),
);

export const tableGroupConfig = ruled(
  struct('TableGroupConfig', 'A group of tables that are sharded alike.', {
    name: required(tableGroupName, 'Name of the table group.'),
    default: optional(boolean, 'The group of all tables that belong to no other one.'),
    backup: optional(backup, 'Where its backups go. Absent: as the database.'),
    pvcDeletionPolicy: optional(pvcPolicyInList, 'What happens to data volumes when pods go.'),
    shards: optional(
      list(shardConfig, { listType: 'map', key: 'name', maxItems: 32 }),
      'Its shards. Absent: one named 0-inf.',
    ),
  }),
  {
    'the default table group has to be named default: rename it, or set default to false':
      "!(has(self.default) && self.default) || self.name == 'default'",
  },
);

export const databaseConfig = struct('DatabaseConfig', 'One database.', {
  name: required(databaseName, 'Name of the database: postgres.'),
  default: optional(boolean, 'The database that exists from the start: true.'),
  backup: optional(backup, 'Where its backups go. Absent: as the cluster.'),
  durabilityPolicy: optional(text, "Which poolers must confirm a write. Absent: the cluster's."),
  tablegroups: optional(
    ruled(list(tableGroupConfig, { listType: 'map', key: 'name', maxItems: 20 }), {
      'exactly one table group is the default: set default to true on the one named default':
        'self.filter(g, has(g.default) && g.default).size() == 1',
    }),
    'Its table groups. Absent: one named default.',
  ),
});

export const databaseConfigs = ruled(
  list(databaseConfig, { listType: 'map', key: 'name', maxItems: 1 }),
  {
    'only the default database is possible today: give it the name postgres and set default to true':
      "self.all(d, d.name == 'postgres' && has(d.default) && d.default)",
  },
);
