import { own } from '../own.ts';
import type { Problem } from '../problem.ts';
import { compareQuantity } from '../quantity.ts';
import type { Pool, Shard } from '../types.ts';
import type { ResolvedPool, RunningShards } from './types.ts';

/**
 * A running shard never shrinks because a default changed: another number of cells, a template
 * called `default` that appeared, an operator with other numbers. Values that somebody wrote are
 * followed, up and down.
 */

/** Key of a shard in `RunningShards`. */
export const shardKey = (database: string, tablegroup: string, shard: string): string =>
  `${database}/${tablegroup}/${shard}`;

/** What `resolveCluster` must know of the child Shards that exist. */
export const runningShards = (shards: readonly Shard[]): RunningShards =>
  Object.fromEntries(
    shards.flatMap(({ spec }) => {
      if (!spec) return [];
      const { databaseName, tableGroupName, shardName, pools } = spec;
      return [[shardKey(databaseName, tableGroupName, shardName), { pools }]];
    }),
  );

export const runningPools = (
  running: RunningShards | undefined,
  key: string,
): Readonly<Record<string, Pool>> => own(running, key)?.pools ?? {};

interface Kept {
  pool: ResolvedPool;
  notes: Problem[];
}

/** `authored` is the pool before defaults: only what it leaves open can be kept from `runs`. */
export const keepRunning = (
  resolved: ResolvedPool,
  authored: Pool | undefined,
  runs: Pool | undefined,
  where: { path: string; clusterCells: readonly string[] },
): Kept => {
  if (!runs) return { pool: resolved, notes: [] };
  const notes: Problem[] = [];
  const pool = { ...resolved };
  const keep = (field: string, value: unknown, what: string, fix: string): void => {
    const message = `${what} is kept: it runs, and nobody wrote another value`;
    notes.push({ path: `${where.path}.${field}`, value, message, fix });
  };

  if (!authored?.cells) {
    const lost = (runs.cells ?? []).filter(
      (cell) => where.clusterCells.includes(cell) && !resolved.cells.includes(cell),
    );
    if (lost.length > 0) {
      pool.cells = [...resolved.cells, ...lost].toSorted();
      keep('cells', lost, 'the pool in these cells', 'write the list of cells');
    }
  }
  const replicas = runs.replicasPerCell ?? 1;
  if (authored?.replicasPerCell === undefined && replicas > resolved.replicasPerCell) {
    pool.replicasPerCell = replicas;
    const what = `the number of poolers per cell (default now ${resolved.replicasPerCell})`;
    keep('replicasPerCell', replicas, what, 'write replicasPerCell to choose the number');
  }
  const size = runs.storage?.size;
  if (!authored?.storage?.size && size && compareQuantity(resolved.storage.size, size) === -1) {
    pool.storage = { ...resolved.storage, size };
    const what = `the volume size (default now ${resolved.storage.size})`;
    keep('storage.size', size, what, 'write storage.size; volumes can grow, not shrink');
  }
  return { pool, notes };
};

/** Pools cannot be removed: one that runs and that the spec no longer holds stays as it runs. */
export const keepPool = (runs: Pool, path: string): Kept => ({
  pool: {
    ...runs,
    cells: runs.cells ?? [],
    replicasPerCell: runs.replicasPerCell ?? 1,
    storage: { ...runs.storage, size: runs.storage?.size ?? '' },
  },
  notes: [
    {
      path,
      message: 'this pool is kept: it runs, and a pool cannot be removed from a shard',
      fix: 'write the pool into the spec again',
    },
  ],
});
