/** Removal of records that the spec no longer names. Off when `topologyPruning.enabled` is false. */
import type { EtcdClient } from './client.ts';
import { codecs } from './codec.ts';
import { topoKeys } from './keys.ts';
import { listCells, listDatabases } from './records.ts';

interface PruneRequest {
  /** Names in the spec. */
  databases: readonly string[];
  /** Names in the spec, and those whose Cell object is still being removed. */
  cells: readonly string[];
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
  for (const name of [...databases.keys()]) {
    if (request.databases.includes(name)) continue;
    const key = topoKeys.database(root, name);
    const alive = await livePooler(client, root, name);
    if (alive !== undefined) {
      result.refused.push({ key, reason: `pooler ${alive} of database ${name} is not shut down` });
      continue;
    }
    await client.delete(key);
    databases.delete(name);
    result.deleted.push(key);
  }
  for (const cell of await listCells(client, root)) {
    if (request.cells.includes(cell)) continue;
    const key = topoKeys.cell(root, cell);
    const user = [...databases].find(([, record]) => record.cells?.includes(cell));
    if (user) {
      result.refused.push({ key, reason: `database ${user[0]} still lists cell ${cell}` });
      continue;
    }
    await client.delete(key);
    result.deleted.push(key);
  }
  return result;
};

/** @throws Error when there is a record that says nothing: it may be that of such a pooler. */
const livePooler = async (
  client: EtcdClient,
  root: string,
  database: string,
): Promise<string | undefined> => {
  const records = await client.range(topoKeys.poolers(root));
  const alive = records
    .map(({ value }) => codecs.Multipooler.decode(value))
    .find(
      ({ id, shard_key, lifecycle_status }) =>
        id?.cell !== undefined &&
        shard_key?.database === database &&
        lifecycle_status?.status !== 'LIFECYCLE_SHUTDOWN',
    );
  return alive && `${alive.id?.cell}/${alive.id?.name ?? '?'}`;
};
