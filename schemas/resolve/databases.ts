import { compact, nonEmpty } from '../compact.ts';
import { own } from '../own.ts';
import type { Problem } from '../problem.ts';
import type * as api from '../types.ts';
import { resolveBackup } from './backup.ts';
import { BUILTIN, defaultReplicasPerCell } from './builtin.ts';
import { mergeShard, mergeStateless } from './merge.ts';
import { inheritPvcPolicy, pvcPolicyAsStored } from './pvc-policy.ts';
import { keepPool, keepRunning, runningPools, shardKey } from './running.ts';
import { chooseTemplate } from './templates.ts';
import type {
  ResolvedDatabase,
  ResolvedPool,
  ResolvedShard,
  ResolvedTableGroup,
  RunningShards,
  Templates,
} from './types.ts';

const completeMultiorch = (
  multiorch: api.Multiorch,
  clusterCells: readonly string[],
): ResolvedShard['multiorch'] => {
  const { replicas, resources } = mergeStateless(BUILTIN.multiorch, multiorch);
  return {
    ...multiorch,
    replicas: replicas ?? BUILTIN.multiorch.replicas,
    resources: resources ?? BUILTIN.multiorch.resources,
    cells: multiorch.cells ?? [...clusterCells],
  };
};

/** Context defaults of one pool: cells, replicas by number of cells, size, resources. */
const completePool = (pool: api.Pool, clusterCells: readonly string[]): ResolvedPool => {
  const cells = pool.cells ?? [...clusterCells];
  return compact({
    ...pool,
    cells,
    replicasPerCell: pool.replicasPerCell ?? defaultReplicasPerCell(cells.length),
    storage: { ...pool.storage, size: pool.storage?.size || BUILTIN.pool.size },
    postgres: { ...pool.postgres, resources: pool.postgres?.resources ?? BUILTIN.pool.postgres },
    multipooler: {
      ...pool.multipooler,
      resources: pool.multipooler?.resources ?? BUILTIN.pool.multipooler,
    },
    pvcDeletionPolicy: pvcPolicyAsStored(pool.pvcDeletionPolicy),
  });
};

interface ShardContext {
  /** Names of the cluster's cells, sorted. */
  cells: readonly string[];
  /** Pools that run; empty for a new shard. */
  running: Readonly<Record<string, api.Pool>>;
  path: string;
}

/** Where a user would write the shard's pools. */
const poolsPath = (config: api.ShardConfig, path: string): string =>
  `${path}.${config.overrides || config.shardTemplate ? 'overrides' : 'spec'}.pools`;

/** Pools and multiorch of a shard; what it inherits from its tablegroup is added by the caller. */
const resolveShardBody = (
  config: api.ShardConfig,
  template: api.ShardTemplateSpec | undefined,
  { cells, running, path }: ShardContext,
  notes: Problem[],
) => {
  const lower = mergeShard(template, config.overrides);
  const merged = config.spec ? mergeShard(lower, config.spec) : lower;
  const { multiorch: written = {}, pools: named, ...rest } = merged;
  const multiorch = completeMultiorch(written, cells);
  const authored = nonEmpty(named);
  const implicit: api.Pool = { type: BUILTIN.pool.type, cells: multiorch.cells };
  const base = poolsPath(config, path);
  const pools = new Map<string, ResolvedPool>();
  const keep = (name: string, kept: ReturnType<typeof keepPool>): void => {
    pools.set(name, kept.pool);
    notes.push(...kept.notes);
  };
  for (const [name, pool] of Object.entries(authored ?? { [BUILTIN.pool.name]: implicit })) {
    const where = { path: `${base}.${name}`, clusterCells: cells };
    keep(name, keepRunning(completePool(pool, cells), authored && pool, own(running, name), where));
  }
  for (const [name, pool] of Object.entries(running))
    if (!pools.has(name)) keep(name, keepPool(pool, `${base}.${name}`));
  const sorted = [...pools].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { ...rest, multiorch, pools: Object.fromEntries(sorted) };
};

/** What a level hands to the level below it. */
interface Inherited {
  spec: api.MultigresClusterSpec;
  /** Names of the cluster's cells, sorted. */
  cells: readonly string[];
  templates: Templates['shard'];
  running: RunningShards | undefined;
  durabilityPolicy: string;
  pvcDeletionPolicy: Required<api.PvcPolicy>;
}

/** Results besides the value: filled while walking down. */
export interface Findings {
  problems: Problem[];
  notes: Problem[];
  /** Names of the templates that were merged. */
  used: Set<string>;
}

const orDefault = <T>(list: readonly T[] | undefined, item: T): readonly T[] =>
  list && list.length > 0 ? list : [item];

interface Place {
  database: string;
  tablegroup: string;
  path: string;
  backup: api.Backup;
  pvcDeletionPolicy: Required<api.PvcPolicy>;
}

const resolveShards = (
  tablegroup: api.TableGroupConfig,
  place: Place,
  inherited: Inherited,
  findings: Findings,
): ResolvedShard[] =>
  orDefault(tablegroup.shards, { name: BUILTIN.shard }).map((config, i) => {
    const path = `${place.path}.shards[${i}]`;
    const choice = chooseTemplate('ShardTemplate', inherited.templates, [
      { path: `${path}.shardTemplate`, name: config.shardTemplate },
      {
        path: 'spec.templateDefaults.shardTemplate',
        name: inherited.spec.templateDefaults?.shardTemplate,
      },
    ]);
    if (choice.problem) findings.problems.push(choice.problem);
    if (choice.name) findings.used.add(choice.name);
    const key = shardKey(place.database, place.tablegroup, config.name);
    const body = resolveShardBody(
      config,
      choice.template?.spec,
      { cells: inherited.cells, running: runningPools(inherited.running, key), path },
      findings.notes,
    );
    return {
      name: config.name,
      ...body,
      pvcDeletionPolicy: inheritPvcPolicy(body.pvcDeletionPolicy, place.pvcDeletionPolicy),
      backup: resolveBackup(place.backup, config.backup),
      ...(choice.name !== undefined && { template: choice.name }),
    };
  });

const resolveDatabase = (
  database: api.DatabaseConfig,
  path: string,
  inherited: Inherited,
  findings: Findings,
): ResolvedDatabase => {
  const backup = resolveBackup(inherited.spec.backup, database.backup);
  const groups = orDefault(database.tablegroups, { name: BUILTIN.tablegroup, default: true });
  const tablegroups = groups.map((config, i): ResolvedTableGroup => {
    const ofGroup = resolveBackup(backup, config.backup);
    const pvcDeletionPolicy = inheritPvcPolicy(
      config.pvcDeletionPolicy,
      inherited.pvcDeletionPolicy,
    );
    const place = {
      database: database.name,
      tablegroup: config.name,
      path: `${path}.tablegroups[${i}]`,
      backup: ofGroup,
      pvcDeletionPolicy,
    };
    return {
      name: config.name,
      default: config.default ?? false,
      pvcDeletionPolicy,
      backup: ofGroup,
      shards: resolveShards(config, place, inherited, findings),
    };
  });
  return {
    name: database.name,
    durabilityPolicy: database.durabilityPolicy || inherited.durabilityPolicy,
    backup,
    tablegroups,
  };
};

/** Databases, tablegroups and shards; the fixed ones (postgres, default, 0-inf) where none is written. */
export const resolveDatabases = (inherited: Inherited, findings: Findings): ResolvedDatabase[] =>
  orDefault(inherited.spec.databases, { name: BUILTIN.database, default: true }).map(
    (database, i) => resolveDatabase(database, `spec.databases[${i}]`, inherited, findings),
  );
