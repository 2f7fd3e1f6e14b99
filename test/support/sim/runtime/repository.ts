/** The backups of a shard, and the lock under which they are made. */
import type { BackupMetadata } from '../../../../controller/rpc/types.ts';
import { fromMs } from '../../../../emulator/orch/messages.ts';
import type { ShardKey } from '../../../../controller/topo/types.ts';
import type { Wal } from './volume.ts';

interface Backup {
  type: string;
  wal: Wal;
  startMs: number;
  endMs: number;
}

export class Repository {
  readonly #backups: Backup[] = [];
  /** Who makes a backup now. */
  lockedBy: string | undefined;

  get newest(): Backup | undefined {
    return this.#backups.at(-1);
  }

  add(backup: Backup): void {
    this.#backups.push(backup);
  }

  /** Newest last, as pgBackRest lists them. */
  list(key: Required<ShardKey>, limit: number): BackupMetadata[] {
    return this.#backups.slice(-limit).map(({ type, startMs, endMs }, at) => ({
      table_group: key.table_group,
      shard: key.shard,
      status: 'BACKUP_COMPLETE',
      backup_id: `backup-${at}`,
      type,
      start_timestamp: fromMs(startMs),
      stop_timestamp: fromMs(endMs),
    }));
  }
}
