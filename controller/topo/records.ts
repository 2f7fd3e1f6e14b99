/**
 * The records that the operator writes, and the pooler records that it reads. Writing is by
 * compare-and-set, field by field, and only when something differs.
 */
import type { EtcdClient } from './client.ts';
import type { KeyValue } from './etcd.ts';
import { codecs, patchCell, patchDatabase } from './codec.ts';
import { childNames, topoKeys } from './keys.ts';
import type { CellRecord, DatabaseRecord, Multipooler, ShardKey } from './types.ts';

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
): Promise<WriteResult> =>
  upsert(client, topoKeys.cell(root, cell.name), codecs.Cell.encode(cell), (existing) =>
    patchCell(existing, cell),
  );

/** @throws EtcdError when the topology server does not answer */
export const writeDatabase = (
  client: EtcdClient,
  root: string,
  database: DatabaseRecord & { name: string },
): Promise<WriteResult> =>
  upsert(
    client,
    topoKeys.database(root, database.name),
    codecs.Database.encode(database),
    (existing) => patchDatabase(existing, database),
  );

/** Names with a Cell record. */
export const listCells = async (client: EtcdClient, root: string): Promise<string[]> => {
  const prefix = topoKeys.cells(root);
  const keys = (await client.range(prefix, { keysOnly: true })).map(({ key }) => key);
  return childNames(
    prefix,
    keys.filter((key) => key.endsWith('/Cell')),
  );
};

/** Databases with a record, by name. Names that only other keys mention do not count. */
export const listDatabases = async (
  client: EtcdClient,
  root: string,
): Promise<Map<string, DatabaseRecord>> => {
  const prefix = topoKeys.databases(root);
  const found = new Map<string, DatabaseRecord>();
  for (const { key, value } of await client.range(prefix)) {
    const [name, last, ...rest] = key.slice(prefix.length).split('/');
    if (name !== undefined && last === 'Database' && rest.length === 0) {
      found.set(name, codecs.Database.decode(value));
    }
  }
  return found;
};

/** One pooler's record as read. */
export interface PoolerEntry {
  kv: KeyValue;
  record: Multipooler;
}

/**
 * Every pooler registered under a cell's root. Cells may share a root, so records of other cells are
 * dropped; so are bytes that do not decode.
 */
export const readPoolers = async (
  client: EtcdClient,
  root: string,
  cell: string,
  shard?: ShardKey,
): Promise<PoolerEntry[]> => {
  const entries = await client.range(topoKeys.poolers(root));
  return entries.flatMap((kv) => {
    const record = decodePooler(kv.value);
    if (!record || record.id?.cell !== cell) return [];
    if (shard && !sameShard(record.shard_key, shard)) return [];
    return [{ kv, record }];
  });
};

const decodePooler = (value: Buffer): Multipooler | undefined => {
  try {
    return codecs.Multipooler.decode(value);
  } catch {
    return undefined;
  }
};

const sameShard = (a: ShardKey | undefined, b: ShardKey): boolean =>
  a?.database === b.database && a?.table_group === b.table_group && a?.shard === b.shard;
