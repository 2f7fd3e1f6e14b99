import type { Condition } from '../../../schemas/k8s.ts';
import type { ShardStatus } from '../../../schemas/types.ts';
import { condition } from '../../observe/conditions.ts';
import type { BackupMetadata } from '../../rpc/types.ts';
import { timeOf } from '../state/roles.ts';

/** Older than this, a daily backup has been missed. */
const STALE_MS = 25 * 3600 * 1000;

const TYPES: Record<string, 'full' | 'diff' | 'incr'> = {
  full: 'full',
  diff: 'diff',
  differential: 'diff',
  incr: 'incr',
  incremental: 'incr',
};

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

export interface BackupReport {
  status: Pick<ShardStatus, 'lastBackupTime' | 'lastBackupType'>;
  conditions: Condition[];
}

/** The newest complete backup, and whether it is recent enough. Nothing while none was asked for. */
export const backupReport = (
  backups: readonly BackupMetadata[] | undefined,
  nowMs: number,
  generation: number | undefined,
): BackupReport => {
  if (!backups) return { status: {}, conditions: [] };
  const found = newestComplete(backups);
  if (!found) {
    const text = 'There is no complete backup: ask for one with multiadmin';
    return {
      status: {},
      conditions: [condition('BackupHealthy', false, 'BackupStale', text, generation)],
    };
  }
  const { backup: newest, endMs: at } = found;
  const when = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  const recent = nowMs - at <= STALE_MS;
  const type = TYPES[newest.type ?? ''];
  const message = recent
    ? `Last ${newest.type ?? ''} backup ended ${when}`
    : `Last ${newest.type ?? ''} backup ended ${when}, more than 25 h ago: check the schedule, or ask for one with multiadmin`;
  return {
    status: { lastBackupTime: when, ...(type ? { lastBackupType: type } : {}) },
    conditions: [
      condition(
        'BackupHealthy',
        recent,
        recent ? 'BackupRecent' : 'BackupStale',
        message,
        generation,
      ),
    ],
  };
};
