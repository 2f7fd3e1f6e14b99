/**
 * Records of the topology to and from bytes. `codecs.X.decode/encode` are for reading and for new records;
 * an existing record is changed only by `patch*`, which leave every field they do not name as it was.
 */
import { fieldNumbers, messageCodec } from '../proto/load.ts';
import type {
  CellRecord,
  DatabaseRecord,
  Multigateway,
  Multiorch,
  Multipooler,
  PoolerLifecycle,
  ShardInitClaim,
} from './types.ts';
import { lengthDelimited, replaceFields, subMessage } from './wire.ts';

export const codecs = {
  Cell: messageCodec<CellRecord>('Cell'),
  Database: messageCodec<DatabaseRecord>('Database'),
  Multipooler: messageCodec<Multipooler>('Multipooler'),
  Multigateway: messageCodec<Multigateway>('Multigateway'),
  Multiorch: messageCodec<Multiorch>('Multiorch'),
  ShardInitClaim: messageCodec<ShardInitClaim>('ShardInitClaim'),
} as const;

const number = (message: string, field: string): number => {
  const found = fieldNumbers(message)[field];
  if (found === undefined) throw new Error(`message ${message} has no field ${field}`);
  return found;
};

const numbersOf = (message: string, fields: readonly string[]): number[] =>
  fields.map((field) => number(message, field));

/** Our fields of a Cell record: name, server_addresses, root. */
export const patchCell = (record: Uint8Array, wanted: CellRecord): Buffer =>
  replaceFields(
    record,
    codecs.Cell.encode(wanted),
    numbersOf('Cell', ['name', 'server_addresses', 'root']),
  );

/** Fields of a backup location that follow the spec; the generation counter is the runtime's. */
const OUR_LOCATION = ['filesystem', 's3', 'require_initial_repo_encryption'] as const;

/** Our fields of a Database record; backup_location keeps its generation and what we do not know. */
export const patchDatabase = (record: Uint8Array, wanted: DatabaseRecord): Buffer => {
  const update = codecs.Database.encode(wanted);
  const patched = replaceFields(
    record,
    update,
    numbersOf('Database', ['name', 'backup_location', 'cells', 'bootstrap_durability_policy']),
  );
  const at = number('Database', 'backup_location');
  const before = subMessage(record, at);
  const after = subMessage(update, at);
  if (!before || !after) return patched;
  const merged = replaceFields(before, after, numbersOf('BackupLocation', OUR_LOCATION));
  return replaceFields(patched, lengthDelimited(at, merged), [at]);
};

/** The lifecycle of a pooler's record, nothing else. */
export const patchLifecycle = (record: Uint8Array, lifecycle: PoolerLifecycle): Buffer =>
  replaceFields(record, codecs.Multipooler.encode({ lifecycle_status: lifecycle }), [
    number('Multipooler', 'lifecycle_status'),
  ]);
