import type { Condition } from '../../../schemas/k8s.ts';
import type { ShardStatus } from '../../../schemas/types.ts';
import { condition } from '../../observe/conditions.ts';
import type { BackupMetadata } from '../../rpc/types.ts';
import { newestComplete } from '../state/backups.ts';
import { timeText } from '../state/phase.ts';

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
  const found = newestComplete(backups);
  if (!found) {
    const text = 'There is no complete backup: ask for one with multiadmin';
    return {
      status: {},
      conditions: [condition('BackupHealthy', false, 'BackupStale', text, generation)],
    };
  }
  const { backup: newest, endMs: at } = found;
  const when = timeText(at);
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
