/**
 * Records of the topology to and from bytes. `codecs.X.decode/encode` are for reading and for new records;
 * an existing record is changed only by `patch*`, which leave every field they do not name as it was.
 */
import { messageCodec, messageType } from '../proto/load.ts';
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

const numberOf = (message: string, name: string): number => {
  const field = messageType(message).fields[name];
  if (!field) throw new Error(`message ${message} has no field ${name}`);
  return field.id;
};

const replace = (
  message: string,
  fields: readonly string[],
  record: Uint8Array,
  update: Uint8Array,
): Buffer => {
  const numbers = fields.map((name) => numberOf(message, name));
  return replaceFields(record, update, numbers);
};

/** Our fields of a Cell record: name, server_addresses, root. */
export const patchCell = (record: Uint8Array, wanted: CellRecord): Buffer =>
  replace('Cell', ['name', 'server_addresses', 'root'], record, codecs.Cell.encode(wanted));

/** Fields of a backup location that follow the spec; the generation counter is the runtime's. */
const OUR_LOCATION = ['filesystem', 's3', 'require_initial_repo_encryption'];
const OUR_DATABASE = ['name', 'backup_location', 'cells', 'bootstrap_durability_policy'];

/** Our fields of a Database record; backup_location keeps its generation and what we do not know. */
export const patchDatabase = (record: Uint8Array, wanted: DatabaseRecord): Buffer => {
  const update = codecs.Database.encode(wanted);
  const patched = replace('Database', OUR_DATABASE, record, update);
  const at = numberOf('Database', 'backup_location');
  const before = subMessage(record, at);
  const after = subMessage(update, at);
  if (!before || !after) return patched;
  const merged = replace('BackupLocation', OUR_LOCATION, before, after);
  return replaceFields(patched, lengthDelimited(at, merged), [at]);
};

export const patchLifecycle = (record: Uint8Array, lifecycle: PoolerLifecycle): Buffer => {
  const update = codecs.Multipooler.encode({ lifecycle_status: lifecycle });
  return replace('Multipooler', ['lifecycle_status'], record, update);
};
