import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../schemas/k8s.ts';
import type { KubeApi } from '../../../kube/api.ts';
import { KubeError } from '../../../kube/errors.ts';
import { leaseStep, runWithLease } from '../../../kube/lease.ts';
import { FakeClock, settle } from '../../support/clock.ts';

const lease = (holderIdentity: string, leaseDurationSeconds = 15) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'l', resourceVersion: '1' },
  spec: { holderIdentity, leaseDurationSeconds },
});

test('steps', () => {
  const sighting = { resourceVersion: '1', atMs: 1000 };
  assert.deepEqual(leaseStep(undefined, undefined, 'me', 0), { kind: 'create' });
  assert.deepEqual(leaseStep(lease('me'), sighting, 'me', 99_000), { kind: 'renew' });
  assert.deepEqual(leaseStep(lease(''), sighting, 'me', 1000), { kind: 'take' });
  const wait = { kind: 'wait', holder: 'other' };
  assert.deepEqual(leaseStep(lease('other'), sighting, 'me', 15_999), wait);
  assert.deepEqual(leaseStep(lease('other'), sighting, 'me', 16_000), { kind: 'take' });
  // Its own clock says when a lease expired: the time since a version was first seen.
  assert.deepEqual(leaseStep(lease('other'), undefined, 'me', 99_000_000), wait);
});

/** One Lease with the server's rule for versions. Timing of the elector is what is tested. */
function server() {
  let stored: KubeObject | undefined;
  let version = 0;
  const state = { down: false, writes: 0 };
  const guard = () => {
    if (state.down) throw new KubeError('down', { class: 'busy', status: 0, reason: 'down' });
  };
  const put = (spec: object) => {
    state.writes++;
    const kept = (stored?.spec ?? {}) as object;
    stored = { ...lease(''), spec: { ...kept, ...spec } };
    stored.metadata.resourceVersion = String(++version);
    return structuredClone(stored);
  };
  const api: Pick<KubeApi, 'get' | 'create' | 'mergePatch'> = {
    get: async () => (guard(), structuredClone(stored)),
    create: async (object) => {
      guard();
      if (stored) throw new KubeError('x', { class: 'exists', status: 409, reason: 'x' });
      return put(object.spec as object);
    },
    mergePatch: async (_ref, patch) => {
      guard();
      const { metadata, spec } = patch as { metadata: KubeObject['metadata']; spec: object };
      if (metadata.resourceVersion !== stored?.metadata.resourceVersion) {
        throw new KubeError('x', { class: 'conflict', status: 409, reason: 'Conflict' });
      }
      return put(spec);
    },
  };
  const holder = () => (stored?.spec as { holderIdentity?: string } | undefined)?.holderIdentity;
  return { api, state, holder };
}

function contender(identity: string, api: ReturnType<typeof server>['api'], clock: FakeClock) {
  const stop = new AbortController();
  const log = { info: () => {}, warn: () => {} };
  const seen = { since: undefined as number | undefined, until: undefined as number | undefined };
  const end = runWithLease(
    { api, namespace: 'n', name: 'l', identity, clock, random: () => 0, log },
    async (signal) => {
      seen.since = clock.now();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      seen.until = clock.now();
    },
    stop.signal,
  );
  return { end, seen, stop: () => stop.abort() };
}

test('renews each 2 s and keeps the lease', async () => {
  const clock = new FakeClock();
  const { api, state, holder } = server();
  const a = contender('a', api, clock);
  await settle();
  const b = contender('b', api, clock);
  await clock.advance(60_000);
  assert.equal(holder(), 'a');
  assert.equal(b.seen.since, undefined);
  assert.equal(state.writes, 31);
  a.stop();
  assert.equal(await a.end, 'released');
  assert.equal(holder(), '');
  await clock.advance(2_000);
  assert.equal(holder(), 'b');
  b.stop();
  await settle();
  assert.equal(await b.end, 'released');
});

test('cut off, the holder stops 5 s before anybody else may start', async () => {
  const clock = new FakeClock();
  const { api, state } = server();
  const cut = { down: false };
  const guarded: typeof api = {
    ...api,
    mergePatch: (...args) =>
      cut.down
        ? Promise.reject(new KubeError('cut', { class: 'busy', status: 0, reason: 'cut' }))
        : api.mergePatch(...args),
  };
  const a = contender('a', guarded, clock);
  await settle();
  const b = contender('b', api, clock);
  await clock.advance(10_000);
  cut.down = true;
  await clock.advance(60_000);
  assert.equal(await a.end, 'lost');
  assert.ok(a.seen.until !== undefined && b.seen.since !== undefined);
  assert.ok(b.seen.since - a.seen.until >= 4_000, `${b.seen.since - a.seen.until} ms apart`);
  assert.equal(state.down, false);
  b.stop();
  await b.end;
});

test('an API server that hangs counts as unreachable', async () => {
  const clock = new FakeClock();
  const { api } = server();
  let hang = false;
  const a = contender(
    'a',
    { ...api, mergePatch: (...args) => (hang ? new Promise(() => {}) : api.mergePatch(...args)) },
    clock,
  );
  await settle();
  hang = true;
  const cutMs = clock.now();
  await clock.advance(30_000);
  assert.equal(await a.end, 'lost');
  assert.ok((a.seen.until ?? 0) - cutMs <= 10_000);
});

test('a short outage is survived', async () => {
  const clock = new FakeClock();
  const { api, state, holder } = server();
  const a = contender('a', api, clock);
  await settle();
  state.down = true;
  await clock.advance(8_000);
  state.down = false;
  await clock.advance(4_000);
  assert.equal(holder(), 'a');
  assert.equal(a.seen.until, undefined);
  a.stop();
  assert.equal(await a.end, 'released');
});

test('stopping while waiting needs no lease', async () => {
  const clock = new FakeClock();
  const { api } = server();
  const a = contender('a', api, clock);
  await settle();
  const b = contender('b', api, clock);
  await clock.advance(5_000);
  b.stop();
  assert.equal(await b.end, 'released');
  a.stop();
  await a.end;
});
