import { backup } from './backup.ts';
import {
  int32,
  int64,
  list,
  map,
  optional,
  required,
  ruled,
  ruledInChange,
  type Rules,
  struct,
} from './dsl.ts';
import {
  affinity,
  internalTls,
  logLevels,
  observability,
  passwordRef,
  pgConfRef,
  postgresConfig,
  pruning,
  pvcPolicy,
  pvcPolicyInList,
  shardImages,
  storage,
  toleration,
} from './parts.ts';
import {
  cellName,
  databaseName,
  initdbArgs,
  poolType,
  roleName,
  tableGroupName,
  text,
} from './scalars.ts';
import { topoRef } from './topology.ts';
import { containerSpec, multiorch } from './workloads.ts';

/** What the shards of a cluster, of a template and of the operator's own kinds are made of. */

const poolCells = ruledInChange(list(cellName, { listType: 'set', minItems: 1, maxItems: 10 }), {
  'a cell cannot be taken out of a pool, as data lives there: put the cell back into the list':
    'oldSelf.all(c, c in self)',
});

const poolWith = (policy: typeof pvcPolicy) =>
  struct('Pool', 'A group of equal Postgres pods.', {
    type: optional(poolType, 'What the pool serves.'),
    cells: optional(
      poolCells,
      'Cells with pods of the pool. Absent: every cell of the cluster. Cells can be added, not removed.',
    ),
    replicasPerCell: optional(
      int32({ minimum: 1, maximum: 32 }),
      'Postgres pods in each cell. Absent: 2 if the pool is in one cell, else 1.',
    ),
    storage: optional(storage, 'Data volume of each pod.'),
    postgres: optional(containerSpec, 'The Postgres container.'),
    multipooler: optional(containerSpec, 'The multipooler container.'),
    affinity: optional(affinity, 'Scheduling affinity of the pods.'),
    tolerations: optional(list(toleration), 'Taints that the pods tolerate.'),
    fsGroup: optional(int64({ minimum: 1 }), 'Group id that owns the files on the data volume.'),
    pvcDeletionPolicy: optional(policy, 'What happens to data volumes when pods go.'),
  });

const poolsWith = (policy: typeof pvcPolicy, nameRules: Rules) =>
  ruled(map(poolWith(policy), { maxProperties: 8 }), nameRules);

const below63 = {
  'the name of a pool is too long: use fewer than 63 characters': 'self.all(k, k.size() < 63)',
};
const noPoolRemoved = {
  'a pool cannot be removed, as data lives there: put the pool back': 'oldSelf.all(k, k in self)',
};

/** Pools as a MultigresCluster names them, within its list of databases. */
export const clusterPools = ruledInChange(
  poolsWith(pvcPolicyInList, {
    'the name of a pool is too long: use at most 25 characters': 'self.all(k, k.size() <= 25)',
  }),
  noPoolRemoved,
);
/** Pools of the kinds that the operator writes. */
export const childPools = poolsWith(pvcPolicy, below63);
/** Pools of a ShardTemplate. */
export const templatePools = ruledInChange(childPools, noPoolRemoved);

/** What shards of a cluster, of a template and of a table group have in common, but for pools. */
export const shardSettings = {
  multiorch: optional(multiorch, 'The multiorch pods.'),
  initdbArgs: optional(initdbArgs, 'Arguments of initdb. They only matter for new data.'),
  postgresConfigRef: optional(pgConfRef, 'Deprecated, use postgresConfig.'),
  postgresConfig: optional(postgresConfig, 'Settings of postgresql.conf, by name.'),
};

/** Fields that a TableGroup hands on to its Shards. */
export const shardContext = {
  databaseName: required(databaseName, 'Name of the database.'),
  tableGroupName: required(tableGroupName, 'Name of the table group.'),
  images: required(shardImages, 'Images.'),
  globalTopoServer: required(topoRef, 'The global topology server.'),
  pvcDeletionPolicy: optional(pvcPolicy, 'What happens to data volumes when pods go.'),
  internalTLS: optional(internalTls, 'TLS between the components.'),
  observability: optional(observability, 'OpenTelemetry settings.'),
  logLevels: optional(logLevels, 'How much each component logs.'),
  backup: optional(backup, 'Where backups go.'),
  topologyPruning: optional(pruning, 'Removal of stale topology records.'),
  cellTopologyLabels: optional(map(map(text)), 'For each cell the Node labels that its pods need.'),
  durabilityPolicy: optional(text, 'Which poolers must confirm a write.'),
  postgresSuperuser: optional(roleName, 'Name of the superuser.'),
  postgresPasswordSecretRef: required(passwordRef, 'Password of the superuser.'),
};
