import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pass } from '../../../controller/shard/gather/cache.ts';
import { refreshBackups } from '../../../controller/shard/gather/background.ts';
import { backupReport } from '../../../controller/shard/report/backups.ts';
import type { BackupMetadata } from '../../../controller/rpc/types.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { stateOf, type World } from '../../support/shard-world.ts';

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

describe('the list of backups', () => {
  const world: World = {
    members: ['a', 'b'],
    pods: { a: null, b: null },
    rule: { leader: 'a', number: '2.0', cohort: ['a', 'b'], since: 60 },
    poolers: {
      a: { role: 'PRIMARY', rule: '2.0', answers: 'primary' },
      b: { answers: 'standby' },
    },
  };

  /** How often it is asked for in ten minutes with a pass every ten seconds. */
  const asked = async (of: World, backups: BackupMetadata[]): Promise<number> => {
    const clock = new FakeClock();
    let calls = 0;
    const getBackups = async (): Promise<BackupMetadata[]> => {
      calls++;
      return backups;
    };
    const deps = { clock, rpc: { getBackups }, wakeups: { wake: () => {} } };
    const state = stateOf(of);
    const pass = { deps, shard: state.shard, cache: {} } as unknown as Pass;
    for (let i = 0; i < 60; i++) {
      refreshBackups(pass, state.members, undefined);
      await settle();
      await clock.advance(10_000);
    }
    return calls;
  };

  it('is asked for every 5 minutes once there is a backup', async () => {
    assert.equal(await asked(world, [backup(1)]), 2);
  });
  it('is asked for every minute while there is none, or somebody new may wait for one', async () => {
    assert.equal(await asked(world, []), 10);
    const newcomer = { ...world, members: ['a', 'b', 'c'], noClaims: ['c'] };
    assert.equal(await asked(newcomer, [backup(1)]), 10);
  });
});
