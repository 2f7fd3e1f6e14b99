import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue, type Outcome } from '../../../kube/queue.ts';
import { FakeClock, settle } from '../../support/clock.ts';

const done: Outcome = { kind: 'done' };

function setup() {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  const stop = new AbortController();
  const seen: string[] = [];
  const run = (worker: (key: string) => Promise<Outcome>, concurrency = 1) =>
    queue.run(worker, { concurrency, signal: stop.signal });
  return { clock, queue, stop, seen, run };
}

test('a key added many times is worked on once', async () => {
  const { queue, stop, seen, run } = setup();
  for (let i = 0; i < 5; i++) queue.add('a');
  assert.equal(queue.depth, 1);
  const ended = run(async (key) => (seen.push(key), done));
  await settle();
  stop.abort();
  await ended;
  assert.deepEqual(seen, ['a']);
});

test('a key added during its work comes again afterwards, never at the same time', async () => {
  const { queue, stop, seen, run } = setup();
  let active = 0;
  let finish: (outcome: Outcome) => void = () => {};
  const ended = run((key) => {
    assert.equal(active++, 0);
    seen.push(key);
    return new Promise<Outcome>((resolve) => (finish = resolve)).finally(() => active--);
  }, 4);
  queue.add('a');
  await settle();
  queue.add('a');
  queue.add('a');
  await settle();
  assert.deepEqual(seen, ['a']);
  finish(done);
  await settle();
  assert.deepEqual(seen, ['a', 'a']);
  finish(done);
  stop.abort();
  await ended;
});

test('live changes go before keys of the first list', async () => {
  const { queue, stop, seen, run } = setup();
  queue.add('old-1', 'initial');
  queue.add('old-2', 'initial');
  queue.add('new', 'live');
  queue.add('old-2', 'live');
  const ended = run(async (key) => (seen.push(key), done));
  await settle();
  stop.abort();
  await ended;
  assert.deepEqual(seen, ['new', 'old-2', 'old-1']);
});

test('failures double the delay from 5 ms; success starts anew', async () => {
  const { clock, queue, stop, run } = setup();
  const times: number[] = [];
  let fail = true;
  const start = clock.now();
  const ended = run(async () => {
    times.push(clock.now() - start);
    return fail ? { kind: 'retry' } : done;
  });
  queue.add('a');
  await clock.advance(80);
  assert.deepEqual(times, [0, 5, 15, 35, 75]);
  fail = false;
  await clock.advance(80);
  fail = true;
  times.length = 0;
  queue.add('a');
  await clock.advance(5);
  assert.equal(times.length, 2);
  stop.abort();
  await ended;
});

test('the delay of one key never exceeds 1000 s', async () => {
  const { clock, queue, stop, seen, run } = setup();
  const ended = run(async (key) => (seen.push(key), { kind: 'retry' }));
  queue.add('a');
  await clock.advance(3_000_000);
  const before = seen.length;
  await clock.advance(1_000_000);
  assert.equal(seen.length, before + 1);
  stop.abort();
  await ended;
});

test('retries of all keys together are limited to 10 a second after 100', async () => {
  const { clock, queue, stop, seen, run } = setup();
  const ended = run(async (key) => (seen.push(key), { kind: 'retry' }), 8);
  for (let i = 0; i < 150; i++) queue.add(`k${i}`);
  await settle();
  await clock.advance(5);
  assert.equal(seen.length, 250);
  stop.abort();
  await ended;
});

test('a retry honours the least delay that the error asks for', async () => {
  const { clock, queue, stop, seen, run } = setup();
  const ended = run(async (key) => (seen.push(key), { kind: 'retry', minDelayMs: 7000 }));
  queue.add('a');
  await clock.advance(6999);
  assert.equal(seen.length, 1);
  await clock.advance(1);
  assert.equal(seen.length, 2);
  stop.abort();
  await ended;
});

test('of several later times the earliest counts, and forget drops it', async () => {
  const { clock, queue, stop, seen, run } = setup();
  const ended = run(async (key) => (seen.push(key), done));
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 900);
  await clock.advance(100);
  assert.deepEqual(seen, ['a']);
  await clock.advance(1000);
  assert.deepEqual(seen, ['a']);
  queue.addAfter('b', 100);
  queue.forget('b');
  await clock.advance(1000);
  assert.deepEqual(seen, ['a']);
  stop.abort();
  await ended;
});

test('no more keys than the concurrency are worked on at once', async () => {
  const { queue, stop, run } = setup();
  let active = 0;
  let most = 0;
  const finish: (() => void)[] = [];
  const ended = run(async () => {
    most = Math.max(most, ++active);
    await new Promise<void>((resolve) => finish.push(resolve));
    active--;
    return done;
  }, 3);
  for (const key of 'abcdefgh') queue.add(key);
  for (let i = 0; i < 8; i++) {
    await settle();
    finish.shift()?.();
  }
  await settle();
  assert.equal(most, 3);
  assert.equal(queue.depth, 0);
  stop.abort();
  await ended;
});

test('a worker that throws counts as a failure', async () => {
  const { clock, queue, stop, seen, run } = setup();
  const ended = run(async (key) => {
    seen.push(key);
    throw new Error('no');
  });
  queue.add('a');
  await clock.advance(5);
  assert.equal(seen.length, 2);
  stop.abort();
  await ended;
});

test('stopping waits for work that has begun and begins nothing new', async () => {
  const { queue, stop, seen, run } = setup();
  let finish: () => void = () => {};
  const ended = run(async (key) => {
    seen.push(key);
    await new Promise<void>((resolve) => (finish = resolve));
    return { kind: 'retry' };
  });
  queue.add('a');
  queue.add('b');
  await settle();
  stop.abort();
  let over = false;
  void ended.then(() => (over = true));
  await settle();
  assert.equal(over, false);
  finish();
  await ended;
  assert.deepEqual(seen, ['a']);
});
