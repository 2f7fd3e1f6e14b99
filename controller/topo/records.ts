/**
 * The records that the operator writes: by compare-and-set, field by field, and only when something differs;
 * and the removal of those that the spec no longer names, unless `topologyPruning.enabled` is false.
 */
import type { EtcdClient } from './client.ts';
import type { KeyValue } from './etcd.ts';
import { codecs, patchCell, patchDatabase } from './codec.ts';
import { topoKeys } from './keys.ts';
import type { CellRecord, DatabaseRecord, Multipooler } from './types.ts';

type WriteResult = 'created' | 'updated' | 'unchanged';

/** A record that changes under us this often in a row is being fought over. */
const CAS_ATTEMPTS = 5;

const upsert = async (
  client: EtcdClient,
  key: string,
  fresh: Buffer,
  patch: (existing: Buffer) => Buffer,
): Promise<WriteResult> => {
  for (let attempt = 0; attempt < CAS_ATTEMPTS; attempt++) {
    const existing = await client.get(key);
    if (!existing) {
      if (await client.create(key, fresh)) return 'created';
      continue;
    }
    const patched = patch(existing.value);
    if (patched.equals(existing.value)) return 'unchanged';
    if (await client.update(key, patched, existing.modRevision)) return 'updated';
  }
  throw new Error(
    `topology record ${key} changed ${CAS_ATTEMPTS} times while we wrote it: does another operator write it?`,
  );
};

/** @throws EtcdError when the topology server does not answer */
export const writeCell = (
  client: EtcdClient,
  root: string,
  cell: CellRecord & { name: string },
): Promise<WriteResult> => {
  const key = topoKeys.cell(root, cell.name);
  return upsert(client, key, codecs.Cell.encode(cell), (record) => patchCell(record, cell));
};

/** @throws EtcdError when the topology server does not answer */
export const writeDatabase = (
  client: EtcdClient,
  root: string,
  database: DatabaseRecord & { name: string },
): Promise<WriteResult> => {
  const key = topoKeys.database(root, database.name);
  const fresh = codecs.Database.encode(database);
  return upsert(client, key, fresh, (record) => patchDatabase(record, database));
};

/** The records right below a prefix, by name. Names that only other keys mention do not count. */
const recordsBelow = async (
  client: EtcdClient,
  prefix: string,
  record: 'Cell' | 'Database',
  options: { keysOnly?: boolean } = {},
): Promise<Map<string, Buffer>> => {
  const found = new Map<string, Buffer>();
  for (const { key, value } of await client.range(prefix, options)) {
    const [name, last, ...rest] = key.slice(prefix.length).split('/');
    if (name && last === record && rest.length === 0) found.set(name, value);
  }
  return found;
};

export const listCells = async (client: EtcdClient, root: string): Promise<string[]> => {
  const found = await recordsBelow(client, topoKeys.cells(root), 'Cell', { keysOnly: true });
  return [...found.keys()];
};

export const listDatabases = async (
  client: EtcdClient,
  root: string,
): Promise<Map<string, DatabaseRecord>> => {
  const found = await recordsBelow(client, topoKeys.databases(root), 'Database');
  return new Map([...found].map(([name, value]) => [name, codecs.Database.decode(value)]));
};

export interface PoolerEntry {
  kv: KeyValue;
  record: Multipooler;
}

interface PruneRequest {
  /** Names in the spec. */
  databases: readonly string[];
  /** Names in the spec, and those whose Cell object is still being removed. */
  cells: readonly string[];
}

export interface PruneResult {
  deleted: string[];
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
  const remove = async (key: string, reason: string | undefined): Promise<boolean> => {
    if (reason !== undefined) {
      result.refused.push({ key, reason });
      return false;
    }
    await client.delete(key);
    result.deleted.push(key);
    return true;
  };
  const databases = await listDatabases(client, root);
  for (const name of [...databases.keys()]) {
    if (request.databases.includes(name)) continue;
    const alive = await livePooler(client, root, name);
    const reason = alive && `pooler ${alive} of database ${name} is not shut down`;
    if (await remove(topoKeys.database(root, name), reason)) databases.delete(name);
  }
  for (const cell of await listCells(client, root)) {
    if (request.cells.includes(cell)) continue;
    const user = [...databases].find(([, record]) => record.cells?.includes(cell));
    await remove(topoKeys.cell(root, cell), user && `database ${user[0]} still lists cell ${cell}`);
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
