import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeadline } from '../../../webhook/deadline.ts';
import { FakeClock } from '../../support/clock.ts';

test('what is done in time is passed on, value or error', async () => {
  const inTime = createDeadline(new FakeClock(), 1000);
  assert.equal(await inTime(Promise.resolve(5)), 5);
  await assert.rejects(inTime(Promise.reject(new Error('mine'))), /^Error: mine$/);
});

test('what is late is rejected after the time and at most a tenth more, each by its own beginning', async () => {
  const clock = new FakeClock();
  const inTime = createDeadline(clock, 1000);
  const ended: string[] = [];
  const begin = (name: string): ((value: string) => void) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    void inTime(promise).then(
      (value) => ended.push(`${name} ${value}`),
      (error: unknown) => ended.push(`${name} ${(error as Error).message}`),
    );
    return resolve;
  };
  const doneFirst = begin('first');
  begin('second');
  const doneThird = begin('third');
  await clock.advance(500);
  begin('fourth');
  doneFirst('done');
  await clock.advance(400);
  assert.deepEqual(ended, ['first done']);
  await clock.advance(200);
  const late = 'the review took longer than 1000 ms';
  assert.deepEqual(ended.splice(0).toSorted(), ['first done', `second ${late}`, `third ${late}`]);
  // too late
  doneThird('done');
  await clock.advance(500);
  assert.deepEqual(ended, [`fourth ${late}`]);
  assert.equal(clock.pending, 0, 'no timer runs while nothing waits');
});
