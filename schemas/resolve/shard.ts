import { compact } from '../compact.ts';
import type { Problem } from '../problem.ts';
import type { Multiorch, Pool, ShardConfig, ShardTemplateSpec } from '../types.ts';
import { BUILTIN, defaultReplicasPerCell } from './builtin.ts';
import { mergeShard, mergeStateless } from './merge.ts';
import { pvcPolicyAsStored } from './pvc-policy.ts';
import { keepPool, keepRunning } from './running.ts';
import type { ResolvedPool, ResolvedShard, ResolvedStateless } from './types.ts';

/** Pools and multiorch of a shard; what it inherits from its tablegroup is added by the caller. */
type ShardBody = Pick<
  ResolvedShard,
  'multiorch' | 'pools' | 'initdbArgs' | 'postgresConfigRef' | 'postgresConfig'
> & { pvcDeletionPolicy?: ShardTemplateSpec['pvcDeletionPolicy'] };

const completeMultiorch = (
  multiorch: Multiorch,
  clusterCells: readonly string[],
): ResolvedShard['multiorch'] => {
  const { replicas, resources } = mergeStateless(BUILTIN.multiorch, multiorch);
  return {
    ...multiorch,
    replicas: replicas ?? BUILTIN.multiorch.replicas,
    resources: resources ?? BUILTIN.multiorch.resources,
    cells: multiorch.cells ?? [...clusterCells],
  } satisfies ResolvedStateless<Multiorch>;
};

/** Context defaults of one pool: cells, replicas by number of cells, size, resources. */
const completePool = (pool: Pool, clusterCells: readonly string[]): ResolvedPool => {
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
  running: Readonly<Record<string, Pool>>;
  path: string;
}

/** Where a user would write the shard's pools. */
const poolsPath = (config: ShardConfig, path: string): string =>
  `${path}.${config.overrides || config.shardTemplate ? 'overrides' : 'spec'}.pools`;

export const resolveShardBody = (
  config: ShardConfig,
  template: ShardTemplateSpec | undefined,
  context: ShardContext,
): { body: ShardBody; notes: Problem[] } => {
  const lower = mergeShard(template, config.overrides);
  const {
    multiorch = {},
    pools = {},
    ...rest
  } = config.spec ? mergeShard(lower, config.spec) : lower;
  const completedOrch = completeMultiorch(multiorch, context.cells);
  const written = Object.keys(pools).length > 0;
  const implicit: Record<string, Pool> = {
    [BUILTIN.pool.name]: { type: BUILTIN.pool.type, cells: completedOrch.cells },
  };
  const resolved: Record<string, ResolvedPool> = {};
  const notes: Problem[] = [];
  const base = poolsPath(config, context.path);

  for (const [name, pool] of Object.entries(written ? pools : implicit)) {
    const kept = keepRunning(
      completePool(pool, context.cells),
      written ? pool : undefined,
      Object.hasOwn(context.running, name) ? context.running[name] : undefined,
      { path: `${base}.${name}`, clusterCells: context.cells },
    );
    resolved[name] = kept.pool;
    notes.push(...kept.notes);
  }
  for (const [name, pool] of Object.entries(context.running)) {
    if (Object.hasOwn(resolved, name)) continue;
    const kept = keepPool(pool, `${base}.${name}`);
    resolved[name] = kept.pool;
    notes.push(...kept.notes);
  }
  const sorted = Object.entries(resolved).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    body: { ...rest, multiorch: completedOrch, pools: Object.fromEntries(sorted) },
    notes,
  };
};
