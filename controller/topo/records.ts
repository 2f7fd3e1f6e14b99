/**
 * The records that the operator writes: by compare-and-set, field by field, and only when something differs.
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

/** Names with a Cell record. */
export const listCells = async (client: EtcdClient, root: string): Promise<string[]> => {
  const found = await recordsBelow(client, topoKeys.cells(root), 'Cell', { keysOnly: true });
  return [...found.keys()];
};

/** Databases with a record, by name. */
export const listDatabases = async (
  client: EtcdClient,
  root: string,
): Promise<Map<string, DatabaseRecord>> => {
  const found = await recordsBelow(client, topoKeys.databases(root), 'Database');
  return new Map([...found].map(([name, value]) => [name, codecs.Database.decode(value)]));
};

/** One pooler's record as read. */
export interface PoolerEntry {
  kv: KeyValue;
  record: Multipooler;
}
