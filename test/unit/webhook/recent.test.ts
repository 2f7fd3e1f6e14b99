import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recentReads } from '../../../webhook/recent.ts';
import { FakeClock } from '../../support/clock.ts';

function setup() {
  const clock = new FakeClock();
  const recent = recentReads<string>({ clock, foundMs: 1000, missingMs: 100 });
  let reads = 0;
  const answer = (value: string | null) => async (): Promise<string | null> => {
    reads++;
    return Promise.resolve(value);
  };
  return { clock, recent, answer, reads: () => reads };
}

describe('recent reads', () => {
  test('those at the same time are one', async () => {
    const { recent, answer, reads } = setup();
    const all = await Promise.all([recent('a', answer('x')), recent('a', answer('y'))]);
    assert.deepEqual(all, ['x', 'x']);
    assert.equal(reads(), 1);
    assert.equal(await recent('b', answer('z')), 'z');
  });

  test('what was found is known for a while', async () => {
    const { clock, recent, answer, reads } = setup();
    await recent('a', answer('x'));
    await clock.advance(999);
    assert.equal(await recent('a', answer('y')), 'x');
    await clock.advance(1);
    assert.equal(await recent('a', answer('y')), 'y');
    assert.equal(reads(), 2);
  });

  test('what is missing is looked for again soon', async () => {
    const { clock, recent, answer } = setup();
    await recent('a', answer(null));
    await clock.advance(99);
    assert.equal(await recent('a', answer('y')), null);
    await clock.advance(1);
    assert.equal(await recent('a', answer('y')), 'y');
  });

  test('a failure is told to those who wait for it, and to nobody after', async () => {
    const { recent, answer } = setup();
    const fail = (): Promise<string> => Promise.reject(new Error('away'));
    const both = await Promise.allSettled([recent('a', fail), recent('a', answer('x'))]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(await recent('a', answer('x')), 'x');
  });

  test('no more than 500 answers are kept', async () => {
    const { recent, answer, reads } = setup();
    for (let i = 0; i <= 500; i++) await recent(String(i), answer('x'));
    await recent('500', answer('x'));
    assert.equal(reads(), 501);
    await recent('0', answer('x'));
    assert.equal(reads(), 502);
  });
});
