import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settleFreshBackup } from '../../../controller/shard/gather/background.ts';
import { freshBackup } from '../../../controller/shard/plan/fresh-backup.ts';
import type { PoolerView } from '../../../controller/shard/state/roles.ts';
import type { BackupAttempt } from '../../../controller/shard/state/state.ts';
import type { BackupMetadata } from '../../../controller/rpc/types.ts';
import { isNewcomer } from '../../../controller/shard/state/member.ts';
import { names } from '../../../schemas/names.ts';
import { NOW, stateOf, type World } from '../../support/shard-world.ts';

const world: World = {
  members: ['a', 'b', 'c'],
  pods: { a: null, b: null },
  // The leader's rule is a minute old.
  rule: { leader: 'a', number: '2.0', cohort: ['a', 'b'], since: 60 },
  poolers: {
    a: { role: 'PRIMARY', rule: '2.0', answers: 'primary' },
    b: { answers: 'standby' },
  },
};

const viewsOf = (of: World): readonly PoolerView[] => stateOf(of).members;

const backup = (secondsAgo: number, status: BackupMetadata['status'] = 'BACKUP_COMPLETE') => ({
  status,
  stop_timestamp: { seconds: String(NOW / 1000 - secondsAgo) },
});

const decide = (
  backups: BackupMetadata[] | undefined,
  attempt?: Partial<BackupAttempt>,
  of: World = world,
) =>
  freshBackup({
    views: viewsOf(of),
    backups,
    attempt: attempt && {
      id: names.poolerId('b'),
      count: 1,
      running: false,
      endedMs: NOW,
      ...attempt,
    },
    nowMs: NOW,
  });

describe('a backup for new members', () => {
  it('is not needed when one ended after the leader’s rule was made', () => {
    assert.equal(decide([backup(30), backup(3600)]).ready, true);
  });

  const asked: [string, BackupMetadata[] | undefined][] = [
    ['none is known', undefined],
    ['there is none', []],
    ['the newest one is from before the leader’s rule', [backup(61)]],
    ['the newest one did not end well', [backup(30, 'BACKUP_INCOMPLETE')]],
  ];
  for (const [when, backups] of asked) {
    it(`is asked of a standby when ${when}`, () => {
      const found = decide(backups);
      assert.ok(!found.ready);
      assert.equal(found.from?.pod, 'b');
      assert.equal(found.onLeader, false);
    });
  }

  it('is asked of the leader when no standby is of use', () => {
    const alone = { ...world, poolers: { ...world.poolers, b: { answers: 'detached' as const } } };
    const found = decide([], undefined, alone);
    assert.ok(!found.ready);
    assert.equal(found.from?.pod, 'a');
    assert.equal(found.onLeader, true);
  });

  it('is waited for while it runs', () => {
    const found = decide([], { running: true });
    assert.ok(!found.ready);
    assert.equal(found.from, undefined);
  });

  it('has failed when the pooler that makes it fell silent', () => {
    const attempt = { id: names.poolerId('b'), count: 1, running: true, endedMs: 0 };
    const cache: { freshBackup?: BackupAttempt } = { freshBackup: attempt };
    settleFreshBackup(cache, stateOf(world).members, NOW);
    assert.equal(cache.freshBackup, attempt, 'it still answers');
    const silent = { ...world, poolers: { ...world.poolers, b: {} } };
    settleFreshBackup(cache, stateOf(silent).members, NOW);
    assert.equal(cache.freshBackup?.running, false);
    const found = decide([], { ...cache.freshBackup, endedMs: NOW - 60_000 }, silent);
    assert.ok(!found.ready);
    assert.equal(found.from?.pod, 'a');
  });

  it('is asked again after a pause when it failed', () => {
    const failed = { count: 2, error: 'no space' };
    const early = decide([], { ...failed, endedMs: NOW - 19_000 });
    assert.ok(!early.ready && early.from === undefined);
    assert.match(early.reason, /no space/);
    const later = decide([], { ...failed, endedMs: NOW - 20_000 });
    assert.ok(!later.ready && later.from !== undefined);
  });

  it('is given up after three attempts, saying what may follow', () => {
    const found = decide([], { count: 3, error: 'no space' });
    assert.ok(found.ready);
    assert.match(found.reason, /no space.*may not catch up/);
  });

  it('is not waited for when nobody leads: the member may be what an election needs', () => {
    const { poolers: _, rule: __, ...rest } = world;
    assert.equal(decide([], undefined, { ...rest, poolers: {} }).ready, true);
  });
});

it('a member whose volume is on its way out begins with an empty one', () => {
  const state = stateOf({ healthy: ['a', 'b', 'c'], pods: { b: false }, claims: ['b'] });
  const member = state.members.find(({ pod }) => pod === 'b');
  assert.ok(member?.claim);
  assert.equal(isNewcomer(member), false);
  const deletionTimestamp = '2026-01-02T03:04:05Z';
  const claim = { ...member.claim, metadata: { ...member.claim.metadata, deletionTimestamp } };
  assert.equal(isNewcomer({ ...member, claim }), true);
});
