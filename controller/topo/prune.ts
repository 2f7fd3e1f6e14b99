/** Removal of records that the spec no longer names. Off when `topologyPruning.enabled` is false. */
import type { EtcdClient } from './client.ts';
import { codecs } from './codec.ts';
import { topoKeys } from './keys.ts';
import { listCells, listDatabases, readPoolers } from './records.ts';

interface PruneRequest {
  /** Names in the spec. */
  databases: readonly string[];
  /** Names in the spec, and those whose Cell object is still being removed. */
  cells: readonly string[];
  /** Root under which each cell of the spec keeps its poolers, when it is this topology server. */
  poolerRoots: readonly string[];
}

export interface PruneResult {
  /** Keys that were deleted. */
  deleted: string[];
  /** What was left, and why. */
  refused: { key: string; reason: string }[];
}

/**
 * Deletes Database and Cell records that nobody wants any more. Refuses a database with a pooler that is
 * not shut down (its data path would break at the next restart; it may also be another cluster's), and a
 * cell that a Database record still lists.
 */
export const pruneRecords = async (
  client: EtcdClient,
  root: string,
  request: PruneRequest,
): Promise<PruneResult> => {
  const result: PruneResult = { deleted: [], refused: [] };
  const databases = await listDatabases(client, root);
  const kept = new Map(databases);
  for (const name of databases.keys()) {
    if (request.databases.includes(name)) continue;
    const key = topoKeys.database(root, name);
    const alive = await livePooler(client, request.poolerRoots, name);
    if (alive !== undefined) {
      result.refused.push({ key, reason: `pooler ${alive} of database ${name} is not shut down` });
      continue;
    }
    await client.delete(key);
    kept.delete(name);
    result.deleted.push(key);
  }
  for (const cell of await listCells(client, root)) {
    if (request.cells.includes(cell)) continue;
    const key = topoKeys.cell(root, cell);
    const user = [...kept].find(([, record]) => record.cells?.includes(cell));
    if (user) {
      result.refused.push({ key, reason: `database ${user[0]} still lists cell ${cell}` });
      continue;
    }
    await client.delete(key);
    result.deleted.push(key);
  }
  return result;
};

const livePooler = async (
  client: EtcdClient,
  roots: readonly string[],
  database: string,
): Promise<string | undefined> => {
  for (const root of new Set(roots)) {
    for (const cell of await cellsOf(client, root)) {
      const entries = await readPoolers(client, root, cell);
      const alive = entries.find(
        ({ record }) =>
          record.shard_key?.database === database &&
          record.lifecycle_status?.status !== 'LIFECYCLE_SHUTDOWN',
      );
      if (alive) return `${cell}/${alive.record.id?.name ?? '?'}`;
    }
  }
  return undefined;
};

/** Cells that have a pooler under this root, by their keys. */
const cellsOf = async (client: EtcdClient, root: string): Promise<Set<string>> => {
  const cells = new Set<string>();
  for (const { value } of await client.range(topoKeys.poolers(root))) {
    const cell = codecs.Multipooler.decode(value).id?.cell;
    if (cell !== undefined) cells.add(cell);
  }
  return cells;
};
