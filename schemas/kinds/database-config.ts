import { backup } from './backup.ts';
import { boolean, type Field, list, optional, required, rule, string, struct } from './dsl.ts';
import { clusterPools } from './pools.ts';
import {
  databaseName,
  initdbArgs,
  shardName,
  tableGroupName,
  templateRef,
  text,
} from './scalars.ts';
import { pgConfRef, postgresConfig } from './settings.ts';
import { pvcPolicyInList } from './storage.ts';
import { multiorch } from './workloads.ts';

/** What shards of a cluster, of a template and of a table group have in common, but for pools. */
export const shardSettings: Record<string, Field> = {
  multiorch: optional(multiorch, 'The multiorch pods.'),
  initdbArgs: optional(initdbArgs, 'Arguments of initdb. They only matter for new data.'),
  postgresConfigRef: optional(pgConfRef, 'Deprecated, use postgresConfig.'),
  postgresConfig: optional(postgresConfig, 'Settings of postgresql.conf, by name.'),
};

const shardOverrides = struct('ShardOverrides', 'Settings that win over a template.', {
  ...shardSettings,
  pools: optional(clusterPools, 'Pools by name. Pools can be added, not removed.'),
});

const shardInlineSpec = struct(
  'ShardInlineSpec',
  'A shard written out.',
  { pvcDeletionPolicy: optional(pvcPolicyInList, 'What happens to data volumes when pods go.') },
  { bases: [shardOverrides] },
);

const shardConfig = struct(
  'ShardConfig',
  'One shard of a table group.',
  {
    name: required(
      string({
        ...shardName,
        rules: [
          rule(
            "self == '0-inf'",
            'only one shard per table group is possible today: name it 0-inf',
          ),
        ],
      }),
      'Name of the shard: 0-inf.',
    ),
    shardTemplate: optional(templateRef, 'ShardTemplate to take settings from.'),
    overrides: optional(shardOverrides, 'Settings that win over those of the template.'),
    spec: optional(shardInlineSpec, 'Settings written out here instead of taken from a template.'),
    backup: optional(backup, 'Where backups of this shard go. Absent: as the table group.'),
  },
  {
    rules: [
      rule(
        '!(has(self.spec) && has(self.shardTemplate))',
        'spec and shardTemplate exclude each other: use overrides to change what a template says',
      ),
      rule(
        '!(has(self.spec) && has(self.overrides))',
        'spec and overrides exclude each other: move the overrides into spec',
      ),
    ],
  },
);

const tableGroupConfig = struct(
  'TableGroupConfig',
  'A group of tables that are sharded alike.',
  {
    name: required(tableGroupName, 'Name of the table group.'),
    default: optional(boolean, 'The group of all tables that belong to no other one.'),
    backup: optional(backup, 'Where its backups go. Absent: as the database.'),
    pvcDeletionPolicy: optional(pvcPolicyInList, 'What happens to data volumes when pods go.'),
    shards: optional(
      list(shardConfig, { listType: 'map', key: 'name', maxItems: 32 }),
      'Its shards. Absent: one named 0-inf.',
    ),
  },
  {
    rules: [
      rule(
        "!(has(self.default) && self.default) || self.name == 'default'",
        'the default table group has to be named default: rename it, or set default to false',
      ),
    ],
  },
);

const databaseConfig = struct('DatabaseConfig', 'One database.', {
  name: required(databaseName, 'Name of the database: postgres.'),
  default: optional(boolean, 'The database that exists from the start: true.'),
  backup: optional(backup, 'Where its backups go. Absent: as the cluster.'),
  durabilityPolicy: optional(text, "Which poolers must confirm a write. Absent: the cluster's."),
  tablegroups: optional(
    list(tableGroupConfig, {
      listType: 'map',
      key: 'name',
      maxItems: 20,
      rules: [
        rule(
          'self.filter(g, has(g.default) && g.default).size() == 1',
          'exactly one table group is the default: set default to true on the one named default',
        ),
      ],
    }),
    'Its table groups. Absent: one named default.',
  ),
});

export const databaseConfigs = list(databaseConfig, {
  listType: 'map',
  key: 'name',
  maxItems: 1,
  rules: [
    rule(
      "self.all(d, d.name == 'postgres' && has(d.default) && d.default)",
      'only the default database is possible today: give it the name postgres and set default to true',
    ),
  ],
});
