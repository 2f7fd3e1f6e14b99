import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseLeader,
  nextTerm,
  othersElecting,
  type Recruit,
} from '../../../../emulator/orch/elect.ts';
import { expire, nextCountdown } from '../../../../emulator/orch/grace.ts';
import type { PoolerView, ShardView } from '../../../../emulator/orch/model.ts';
import { electable } from '../../../../emulator/orch/quorum.ts';
import { pooler } from '../../../support/orch-view.ts';

const id = (cell: string, name = cell) => ({ cell, name });
const recruit = (name: string, term: number, lsn: bigint, resigning = false): Recruit => ({
  id: id(name),
  rule: { term, subterm: 0 },
  lsn,
  resigning,
});

test('the most advanced pooler leads: rule before position before not resigning', () => {
  assert.equal(chooseLeader([recruit('a', 1, 900n), recruit('b', 2, 100n)])?.id.name, 'b');
  assert.equal(chooseLeader([recruit('a', 2, 100n), recruit('b', 2, 101n, true)])?.id.name, 'b');
  assert.equal(chooseLeader([recruit('a', 2, 100n, true), recruit('b', 2, 100n)])?.id.name, 'b');
  assert.equal(chooseLeader([]), undefined);
});

const view = (...poolers: PoolerView[]): ShardView => ({
  key: { database: 'd', tableGroup: 't', shard: 's' },
  poolers,
});
const rule = (term: number) => ({
  rule: { term, subterm: 0, cohort: [], policy: 'AT_LEAST_2', createdMs: 0 },
});

test('a new term lies above every promise and every rule', () => {
  assert.equal(nextTerm(view()), 1);
  assert.equal(nextTerm(view(pooler('a', { revokedBelow: 7 }), pooler('b', rule(9)))), 10);
});

test("another multiorch's fresh promise is left alone for 4 s, one's own is not", () => {
  const promised = view(
    pooler('a', { revokedBelow: 3, revokedBy: 'o-2', revokedAtMs: 10_000, ...rule(2) }),
  );
  assert.equal(othersElecting(promised, 'o-1', 13_999), true);
  assert.equal(othersElecting(promised, 'o-1', 14_000), false);
  assert.equal(othersElecting(promised, 'o-2', 10_001), false);
  const done = view(
    pooler('a', { revokedBelow: 3, revokedBy: 'o-2', revokedAtMs: 10_000, ...rule(3) }),
  );
  assert.equal(othersElecting(done, 'o-1', 10_001), false);
});

test('a countdown lasts base plus jitter, and a new code begins a new one', () => {
  const grace = { baseMs: 4000, jitterMs: 8000 };
  const first = nextCountdown(undefined, 'LeaderResigned', 1000, 0.5, grace);
  assert.deepEqual(first, { code: 'LeaderResigned', dueMs: 9000 });
  assert.equal(nextCountdown(first, 'LeaderResigned', 5000, 0.1, grace), first);
  assert.deepEqual(nextCountdown(first, 'LeaderUnhealthy', 5000, 0, grace), {
    code: 'LeaderUnhealthy',
    dueMs: 9000,
  });
  assert.equal(nextCountdown(first, undefined, 5000, 0, grace), undefined);
  assert.deepEqual(expire(first, 2000), { code: 'LeaderResigned', dueMs: 2000 });
  assert.equal(expire(undefined, 2000), undefined);
});

test('which members suffice for an election', () => {
  const six = ['a', 'b', 'c'].flatMap((cell) => [id(cell, `${cell}1`), id(cell, `${cell}2`)]);
  assert.equal(electable('AT_LEAST_2', six, six.slice(1)), true);
  assert.equal(electable('AT_LEAST_2', six, six.slice(2)), false);
  assert.equal(electable('MULTI_CELL_AT_LEAST_2', six, six.slice(2)), true);
  assert.equal(electable('AT_LEAST_2', six.slice(0, 2), six.slice(0, 1)), false);
  assert.equal(electable('no such policy', six, six), false);
});
