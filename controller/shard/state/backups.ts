/** Which backup is the newest. Pure. */
import type { BackupMetadata } from '../../rpc/types.ts';
import { timeOf } from './roles.ts';

/** The id begins with the local start time as YYYYMMDD-HHMMSS. */
const timeOfId = (id: string | undefined): number => {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id ?? '');
  if (!match) return 0;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
};

const endOf = (backup: BackupMetadata): number =>
  timeOf(backup.stop_timestamp) || timeOfId(backup.backup_id);

/** The complete backup that ended last. */
export const newestComplete = (
  backups: readonly BackupMetadata[],
): { backup: BackupMetadata; endMs: number } | undefined =>
  backups
    .filter(({ status }) => status === 'BACKUP_COMPLETE')
    .map((backup) => ({ backup, endMs: endOf(backup) }))
    .toSorted((a, b) => b.endMs - a.endMs)[0];
