import { compact } from '../../../schemas/compact.ts';
import type { Condition } from '../../../schemas/k8s.ts';
import type { ShardStatus } from '../../../schemas/types.ts';
import { isoSeconds } from '../../../schemas/text.ts';
import { condition } from '../../observe/conditions.ts';
import type { BackupMetadata } from '../../rpc/types.ts';
import { newestComplete } from '../state/backups.ts';

/** Older than this, a daily backup has been missed. */
const STALE_MS = 25 * 3600 * 1000;

const TYPES: Record<string, 'full' | 'diff' | 'incr'> = {
  full: 'full',
  diff: 'diff',
  differential: 'diff',
  incr: 'incr',
  incremental: 'incr',
};

interface BackupReport {
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
  const health = (recent: boolean, message: string): Condition[] => [
    condition(
      'BackupHealthy',
      recent,
      recent ? 'BackupRecent' : 'BackupStale',
      message,
      generation,
    ),
  ];
  const found = newestComplete(backups);
  if (!found) {
    const text = 'There is no complete backup: ask for one with multiadmin';
    return { status: {}, conditions: health(false, text) };
  }
  const { backup, endMs } = found;
  const when = isoSeconds(endMs);
  const recent = nowMs - endMs <= STALE_MS;
  const advice = ', more than 25 h ago: check the schedule, or ask for one with multiadmin';
  const message = `Last ${backup.type ?? ''} backup ended ${when}${recent ? '' : advice}`;
  return {
    status: compact({ lastBackupTime: when, lastBackupType: TYPES[backup.type ?? ''] }),
    conditions: health(recent, message),
  };
};
