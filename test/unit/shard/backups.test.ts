import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backupReport } from '../../../controller/shard/report/backups.ts';
import type { BackupMetadata } from '../../../controller/rpc/types.ts';

const HOUR_MS = 3600 * 1000;
const NOW = Date.UTC(2026, 0, 10, 12);

const backup = (hoursAgo: number, status = 'BACKUP_COMPLETE'): BackupMetadata =>
  ({
    backup_id: `${new Date(NOW - hoursAgo * HOUR_MS)
      .toISOString()
      .replaceAll(/[-:]|\.\d+Z/g, '')
      .replace('T', '-')}F`,
    type: 'full',
    status,
  }) as unknown as BackupMetadata;

const reasonOf = (backups: BackupMetadata[]) =>
  backupReport(backups, NOW, 1).conditions.map(({ status, reason }) => `${status} ${reason}`);

describe('the condition BackupHealthy', () => {
  it('a backup of one hour ago is recent', () => {
    assert.deepEqual(reasonOf([backup(1)]), ['True BackupRecent']);
    assert.deepEqual(backupReport([backup(1)], NOW, 1).status, {
      lastBackupTime: '2026-01-10T11:00:00Z',
      lastBackupType: 'full',
    });
  });
  it('a backup of 26 hours ago is stale', () => {
    assert.deepEqual(reasonOf([backup(26)]), ['False BackupStale']);
  });
  it('one that did not complete does not count', () => {
    assert.deepEqual(reasonOf([backup(1, 'BACKUP_INCOMPLETE'), backup(26)]), ['False BackupStale']);
    assert.deepEqual(reasonOf([backup(1, 'BACKUP_INCOMPLETE')]), ['False BackupStale']);
  });
  it('is not there while nobody was asked', () => {
    assert.deepEqual(backupReport(undefined, NOW, 1), { status: {}, conditions: [] });
  });
});
