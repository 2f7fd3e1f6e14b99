import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diverged, forkPoint, lsnBytes } from '../../../../emulator/pooler/divergence.ts';

const history =
  '1\t0/5000000\tno recovery target specified\n2\t0/7000148\tno recovery target specified\n';

test('positions are numbers of bytes', () => {
  assert.equal(lsnBytes('1/10'), 4_294_967_312n);
  assert.equal(lsnBytes('x'), 0n);
});

test('a timeline history says where each timeline was left', () => {
  assert.equal(forkPoint(history, 2), lsnBytes('0/7000148'));
  assert.equal(forkPoint(history, 3), undefined);
});

test('diverged is who wrote past the fork', () => {
  const leader = { tli: 3, history };
  const cases = [
    { mine: { tli: 3, lsn: '0/9000000' }, is: false },
    { mine: { tli: 2, lsn: '0/7000148' }, is: false },
    { mine: { tli: 2, lsn: '0/7000149' }, is: true },
    { mine: { tli: 1, lsn: '0/4FFFFFF' }, is: false },
    { mine: { tli: 1, lsn: '0/6000000' }, is: true },
    { mine: { tli: 4, lsn: '0/1' }, is: true },
  ];
  for (const { mine, is } of cases) assert.equal(diverged(mine, leader), is, JSON.stringify(mine));
});
