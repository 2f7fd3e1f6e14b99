import type { Backup, Shard } from '../../schemas/types.ts';

/** A step that deletes volumes needs a complete backup newer than this, unless settings say else. */
const BACKUP_MAX_AGE_MS = 24 * 3600 * 1000;

/** Why the newest complete backup of a shard is not good enough; undefined if it is. */
export function backupProblem(
  shard: Shard | undefined,
  nowMs: number,
  maxAgeMs = BACKUP_MAX_AGE_MS,
): string | undefined {
  const time = shard?.status?.lastBackupTime;
  const at = time === undefined ? NaN : Date.parse(time);
  if (Number.isNaN(at)) return 'it has no complete backup';
  const age = nowMs - at;
  return age <= maxAgeMs
    ? undefined
    : `its newest complete backup ended ${time}, ${hours(age)} ago, and may be ${hours(maxAgeMs)} old`;
}

/** Where backups lie once the shard is gone: on a volume that goes with it, they do not count. */
export function backupsOutlive(backup: Backup, whenDeleted: 'Delete' | 'Retain'): boolean {
  return backup.type === 's3' || whenDeleted === 'Retain';
}

function hours(ms: number): string {
  const value = ms / 3_600_000;
  if (value < 1) return `${Math.max(1, Math.round(ms / 60_000))} min`;
  return value < 72 ? `${Math.round(value)} h` : `${Math.round(value / 24)} days`;
}
