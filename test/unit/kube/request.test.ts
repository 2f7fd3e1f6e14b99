import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from '../../../schemas/k8s.ts';
import { createClient } from '../../../kube/client.ts';
import { isKubeError } from '../../../kube/errors.ts';
import type { HttpRequest } from '../../../kube/transport.ts';
import { FakeClock, settle } from '../../support/clock.ts';

type Reply = { status: number; retryAfter?: string } | 'reset' | 'hang';

/** Timing and repetition against scripted replies; what the server means is tested on a real one. */
function setup(replies: Reply[], limits: { qps?: number; burst?: number } = {}) {
  const clock = new FakeClock();
  const startMs = clock.now();
  const sent: number[] = [];
  const client = createClient({
    clock,
    random: () => 0,
    ...limits,
    transport: {
      async send(request: HttpRequest) {
        sent.push(clock.now() - startMs);
        const reply = replies.shift() ?? { status: 200 };
        if (reply === 'reset') throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
        if (reply === 'hang') {
          await new Promise((_, reject) =>
            request.signal.addEventListener('abort', () => reject(request.signal.reason as Error)),
          );
        }
        const { status, retryAfter } = reply as { status: number; retryAfter?: string };
        const body = JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'x' }, code: status });
        return {
          status,
          headers: { 'content-type': 'application/json', 'retry-after': retryAfter },
          body: (async function* () {
            yield Buffer.from(body);
          })(),
        };
      },
      close: async () => {},
    },
  });
  const ref = { kind: KINDS.ConfigMap, namespace: 'ns', name: 'x' };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'ns' } };
  const run = async (work: Promise<unknown>, ms: number) => {
    const state: { error?: unknown; done: boolean } = { done: false };
    void work.then(
      () => (state.done = true),
      (error: unknown) => (state.error = error),
    );
    await clock.advance(ms);
    return state;
  };
  return { client, clock, ref, object, run, sent };
}

test('what can be repeated is, with growing pauses, at most four times in all', async () => {
  const { client, ref, run, sent } = setup(['reset', { status: 503 }, 'reset', { status: 503 }]);
  const state = await run(client.get(ref), 10_000);
  assert.ok(isKubeError(state.error, 'busy'));
  assert.deepEqual(sent, [0, 200, 600, 1400]);
});

test('a create that may have happened is not repeated, one that was turned away is', async () => {
  const first = setup(['reset']);
  assert.ok(isKubeError((await first.run(first.client.create(first.object), 5_000)).error, 'busy'));
  assert.equal(first.sent.length, 1);
  const second = setup([{ status: 429, retryAfter: '2' }]);
  assert.equal((await second.run(second.client.create(second.object), 5_000)).done, true);
  assert.deepEqual(second.sent, [0, 2000]);
});

test('an eviction that a disruption budget refuses is not repeated', async () => {
  const { client, run, sent } = setup([{ status: 429, retryAfter: '10' }]);
  const path = '/api/v1/namespaces/ns/pods/x/eviction';
  const state = await run(client.raw('POST', path, {}), 20_000);
  assert.ok(isKubeError(state.error, 'busy'));
  assert.equal(sent.length, 1);
});

test('other refusals are final', async () => {
  for (const status of [400, 403, 409, 422, 500]) {
    const { client, object, run, sent } = setup([{ status }]);
    assert.ok((await run(client.apply(object), 5_000)).error);
    assert.equal(sent.length, 1);
  }
});

test('no answer within 30 s is an error, repetitions included', async () => {
  const { client, ref, run } = setup(['hang']);
  assert.equal((await run(client.get(ref), 29_000)).error, undefined);
  const hung = setup(['hang']);
  const state = await hung.run(hung.client.get(hung.ref), 30_001);
  assert.ok(isKubeError(state.error, 'busy'));
  const long = setup([{ status: 503, retryAfter: '60' }]);
  const refused = await long.run(long.client.get(long.ref), 1);
  assert.ok(isKubeError(refused.error, 'busy'), 'does not wait for what cannot be in time');
});

test('requests beyond the burst wait for their turn', async () => {
  const { client, clock, ref, sent } = setup([], { qps: 10, burst: 5 });
  const all = Promise.all(Array.from({ length: 8 }, () => client.get(ref)));
  await settle();
  assert.equal(sent.length, 5);
  await clock.advance(300);
  await all;
  assert.deepEqual(sent.slice(5), [100, 200, 300]);
});
