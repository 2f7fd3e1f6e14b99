/** Backups on request and their list. */
import { codecs } from '../../controller/topo/codec.ts';
import { RpcError, status } from '../grpc.ts';
import { poolerPath } from '../topo.ts';
import { stealLock } from './backup-lock.ts';
import type { BackupInfo, RemoteHost } from './backrest.ts';
import type { Context } from './context.ts';

export interface BackupRequest {
  force_primary?: boolean;
  type?: string;
  job_id?: string;
  overrides?: Record<string, string>;
}

const TYPES: Readonly<Record<string, string>> = {
  full: 'full',
  differential: 'diff',
  incremental: 'incr',
};

/** `20261122-103028.393990_multipooler-zone-b-p-zone-b` */
export function newJobId(ctx: Pick<Context, 'state'>): string {
  const now = new Date().toISOString();
  const stamp = now.slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const { cell, name } = ctx.state.id;
  return `${stamp}.${now.slice(20, 23)}000_multipooler-${cell}-${name}`;
}

/** What pgBackRest keeps with a backup for the list. */
export function backupAnnotations(
  ctx: Context,
  jobId: string,
  version: string,
): Record<string, string> {
  const { state } = ctx;
  return {
    job_id: jobId,
    multipooler_id: state.id.name ?? '',
    table_group: state.shardKey.table_group ?? '',
    shard: state.shardKey.shard ?? '',
    routing_role: `ROUTING_ROLE_${state.role}`,
    pg_version: version,
  };
}

/** The wire form of a repository's entry. */
export function backupMessage(backup: BackupInfo): Record<string, unknown> {
  const note = backup.annotation ?? {};
  return {
    table_group: note['table_group'] ?? '',
    shard: note['shard'] ?? '',
    status: backup.error === true ? 'BACKUP_INCOMPLETE' : 'BACKUP_COMPLETE',
    backup_id: backup.label,
    start_lsn: backup.lsn?.start ?? '',
    stop_lsn: backup.lsn?.stop ?? '',
    job_id: note['job_id'] ?? '',
    backup_size_bytes: String(backup.info?.size ?? 0),
    type: backup.type,
    multipooler_id: note['multipooler_id'] ?? '',
    routing_role: note['routing_role'] ?? 'ROUTING_ROLE_REPLICA',
    start_timestamp: { seconds: String(backup.timestamp?.start ?? 0) },
    stop_timestamp: { seconds: String(backup.timestamp?.stop ?? 0) },
    pg_version: note['pg_version'] ?? '',
  };
}

/** Where the primary's pgBackRest server is, for a backup on a standby. */
async function primaryHost(ctx: Context): Promise<RemoteHost> {
  const { flags, state, topo } = ctx;
  const leader = state.primary;
  const [certFile, keyFile, caFile] = ['cert', 'key', 'ca'].map((part) =>
    flags.text(`pgbackrest-${part}-file`),
  );
  if (!leader?.host || !leader.id) {
    throw new RpcError(status.FAILED_PRECONDITION, 'the primary is not known on this standby');
  }
  if (!certFile || !keyFile || !caFile) {
    throw new RpcError(
      status.FAILED_PRECONDITION,
      'a backup on a standby needs the --pgbackrest-*-file flags',
    );
  }
  const store = await topo.cell(leader.id.cell ?? '');
  const found = await store.get(poolerPath(leader.id));
  const port = found && codecs.Multipooler.decode(found.value).port_map?.['pgbackrest'];
  return {
    host: leader.host,
    port: port ?? flags.number('pgbackrest-port'),
    certFile,
    keyFile,
    caFile,
  };
}

/** Takes a backup; synchronous, up to 30 minutes. @throws RpcError 9 on a primary without force_primary, 3 for an unknown type */
export async function takeBackup(
  ctx: Context,
  request: BackupRequest,
): Promise<{ backup_id: string }> {
  const type = TYPES[request.type ?? ''];
  if (!type) {
    const text = request.type
      ? `invalid backup type '${request.type}': must be one of: ${Object.keys(TYPES).join(', ')}`
      : 'type is required';
    throw new RpcError(status.INVALID_ARGUMENT, text);
  }
  return ctx.lock.run(async () => {
    if (!ctx.state.ready) throw new RpcError(status.UNAVAILABLE, 'PostgreSQL is not ready');
    const row = await ctx.sql.one<{ recovery: boolean; version: string }>(
      `SELECT pg_is_in_recovery() AS recovery, split_part(current_setting('server_version'), ' ', 1) AS version`,
    );
    if (!row.recovery && !request.force_primary) {
      throw new RpcError(
        status.FAILED_PRECONDITION,
        'backup on the primary is not allowed unless force_primary is set',
      );
    }
    const lock = await stealLock(ctx);
    try {
      const jobId = request.job_id || newJobId(ctx);
      const primary = row.recovery ? await primaryHost(ctx) : undefined;
      const notes = backupAnnotations(ctx, jobId, row.version);
      await ctx.backrest.backup(type, notes, primary, request.overrides ?? {});
      const made = (await ctx.backrest.list()).findLast((b) => b.annotation?.['job_id'] === jobId);
      if (!made) throw new Error('the backup is not in the repository');
      return { backup_id: made.label };
    } finally {
      await lock.release();
    }
  });
}

/** Newest first, at most `limit` (0 = all). */
export async function listBackups(ctx: Context, limit: number): Promise<Record<string, unknown>[]> {
  const all = (await ctx.backrest.list()).map(backupMessage).toReversed();
  return limit > 0 ? all.slice(0, limit) : all;
}
