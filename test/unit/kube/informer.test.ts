import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, type KubeObject } from '../../../schemas/k8s.ts';
import { createClient } from '../../../kube/client.ts';
import { Informer } from '../../../kube/informer.ts';
import { Store, type Change } from '../../../kube/store.ts';
import type { HttpRequest, HttpResponse } from '../../../kube/transport.ts';
import { FakeClock, settle } from '../../support/clock.ts';

/** An answer to one request; a string body may be cut anywhere into chunks. */
type Answer = { status?: number; headers?: Record<string, string>; chunks: (string | Error)[] };

const list = (version: string, names: string[], more: object = {}): Answer => ({
  headers: { 'content-type': 'application/json' },
  chunks: [
    JSON.stringify({
      metadata: { resourceVersion: version, ...more },
      items: names.map((name, i) => meta(name, String(100 + i))),
    }),
  ],
});
const meta = (name: string, resourceVersion: string): Partial<KubeObject> => ({
  metadata: { name, namespace: 'ns', uid: `u-${name}`, resourceVersion },
});
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const refusal = (code: number, reason: string, headers = {}): Answer => ({
  status: code,
  headers,
  chunks: [JSON.stringify({ kind: 'Status', code, reason, message: reason })],
});

/** Plays a script of answers, the last of which is a watch that stays silent. */
function setup(script: Answer[], options: { optional?: boolean; random?: () => number } = {}) {
  const clock = new FakeClock();
  const requests: string[] = [];
  const times: number[] = [];
  const startMs = clock.now();
  const transport = {
    send: async (request: HttpRequest): Promise<HttpResponse> => {
      requests.push(decodeURIComponent(request.path));
      times.push(clock.now() - startMs);
      const answer = script.shift();
      const body = answer ? play(answer) : silence(request.signal);
      return { status: answer?.status ?? 200, headers: answer?.headers ?? {}, body };
    },
    close: async () => {},
  };
  const random = options.random ?? (() => 0);
  const store = new Store({ now: () => clock.now() });
  const silent = () => {};
  const warnings: string[] = [];
  const restarts: string[] = [];
  const informer = new Informer({
    api: createClient({ transport, clock, random }),
    kind: KINDS.Pod,
    store,
    clock,
    random,
    log: { debug: silent, warn: (_fields, message) => warnings.push(message ?? '') },
    onRestart: (reason) => restarts.push(reason),
    ...(options.optional ? { optional: true } : {}),
  });
  const changes: Change[] = [];
  informer.onChange((change) => changes.push(change));
  const abort = new AbortController();
  const running = informer.start(abort.signal);
  const stop = async () => {
    abort.abort();
    await running;
  };
  return { clock, requests, times, store, informer, changes, restarts, warnings, stop };
}

async function* play(answer: Answer): AsyncGenerator<Uint8Array> {
  for (const chunk of answer.chunks) {
    if (chunk instanceof Error) throw chunk;
    yield Buffer.from(chunk);
  }
}

// eslint-disable-next-line require-yield
async function* silence(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

const watches = (requests: string[]) => requests.filter((path) => path.includes('watch=true'));

test('asks for pages, then watches from the version of the list with bookmarks', async () => {
  const { requests, informer, store, stop } = setup([
    list('50', ['a', 'b'], { continue: 'next' }),
    list('50', ['c']),
  ]);
  await settle();
  assert.equal(informer.hasSynced, true);
  assert.equal(store.size, 3);
  assert.deepEqual(requests, [
    '/api/v1/pods?limit=500',
    '/api/v1/pods?limit=500&continue=next',
    '/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=50&timeoutSeconds=300',
  ]);
  await stop();
});

test('a page token that expires makes it begin the list again', async () => {
  const { store, stop, requests } = setup([
    list('50', ['a'], { continue: 'next' }),
    refusal(410, 'Expired'),
    list('60', ['a', 'b']),
  ]);
  await settle();
  assert.equal(store.size, 2);
  assert.match(watches(requests)[0] ?? '', /resourceVersion=60/);
  await stop();
});

test('events may be cut anywhere; bookmarks move the position on', async () => {
  const text =
    line('ADDED', meta('ä', '51')) +
    line('MODIFIED', meta('a', '52')) +
    line('DELETED', meta('ä', '53')) +
    line('BOOKMARK', { metadata: { resourceVersion: '90' } });
  const bytes = Buffer.from(text);
  const chunks: string[] = [];
  for (let i = 0; i < bytes.length; i += 7)
    chunks.push(bytes.subarray(i, i + 7).toString('latin1'));
  const { clock, changes, requests, stop } = setup([
    list('50', ['a']),
    { chunks: chunks.map((chunk) => Buffer.from(chunk, 'latin1') as unknown as string) },
  ]);
  await clock.advance(2000);
  assert.deepEqual(
    changes.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['added a', 'added ä', 'updated a', 'deleted ä'],
  );
  assert.match(watches(requests)[1] ?? '', /resourceVersion=90/);
  await stop();
});

test('tells since when no watch is open', async () => {
  const { clock, informer, stop } = setup([
    refusal(503, 'Busy'),
    list('50', []),
    { chunks: [line('ADDED', meta('a', '51')), new Error('reset')] },
  ]);
  const startMs = clock.now();
  assert.equal(informer.lostMs, startMs);
  await clock.advance(2000);
  assert.equal(informer.lostMs, undefined, 'the second watch is open');
  await stop();
  assert.equal(informer.lostMs, clock.now());
});

test('a broken connection goes on from the last event', async () => {
  const { clock, requests, restarts, stop } = setup([
    list('50', []),
    { chunks: [line('ADDED', meta('a', '51')), '{"type":"MOD', new Error('reset')] },
  ]);
  await clock.advance(2000);
  assert.match(watches(requests)[1] ?? '', /resourceVersion=51/);
  assert.equal(requests.filter((path) => path.includes('limit')).length, 1);
  assert.ok(!restarts.includes('relist'));
  await stop();
});

for (const [how, answer] of [
  ['as an HTTP status', refusal(410, 'Gone')],
  ['as an event', { chunks: [line('ERROR', { code: 410, reason: 'Expired', message: 'old' })] }],
] as [string, Answer][]) {
  test(`a position that is too old, told ${how}, leads to a new list`, async () => {
    const { clock, changes, restarts, stop } = setup([
      list('50', ['a', 'b']),
      answer,
      list('70', ['b', 'c']),
    ]);
    await clock.advance(2000);
    assert.deepEqual(restarts, ['relist']);
    assert.deepEqual(
      changes.slice(2).map(({ type, object, initial }) => [type, object.metadata.name, initial]),
      [
        ['updated', 'b', false],
        ['added', 'c', false],
        ['deleted', 'a', false],
      ],
    );
    await stop();
  });
}

test('failures back off from 0.8 s to 30 s and never end it', async () => {
  const refused = Array.from({ length: 12 }, () => refusal(500, 'InternalError'));
  const { clock, times, informer, warnings, stop } = setup([...refused, list('50', ['a'])]);
  await clock.advance(300_000);
  assert.equal(informer.hasSynced, true);
  const gaps = times.slice(1, 13).map((ms, i) => ms - (times[i] ?? 0));
  assert.deepEqual(gaps.slice(0, 7), [800, 1600, 3200, 6400, 12800, 25600, 30000]);
  assert.ok(Math.max(...gaps) <= 30_000);
  assert.ok(warnings.length > 0);
  await stop();
});

test('Retry-After of an overloaded server is honoured', async () => {
  const busy = () => refusal(429, 'TooManyRequests', { 'retry-after': '40' });
  const { clock, times, stop } = setup([busy(), list('50', [])]);
  await clock.advance(39_000);
  assert.equal(times.length, 1);
  await clock.advance(2_000);
  assert.ok(times.length >= 2);
  await stop();
});

test('a kind that may be absent counts as synced and is looked for each minute', async () => {
  const { clock, informer, store, warnings, stop } = setup(
    [refusal(404, 'NotFound'), list('50', ['a'])],
    { optional: true },
  );
  await settle();
  assert.equal(informer.hasSynced, true);
  assert.deepEqual(warnings, []);
  await clock.advance(60_000);
  assert.equal(store.size, 1);
  await stop();
});

test('a kind that must be there does not count as synced without it', async () => {
  const { clock, informer, stop } = setup([refusal(404, 'NotFound'), list('50', [])]);
  await clock.advance(500);
  assert.equal(informer.hasSynced, false);
  // installed a moment later, it is found a moment later
  await clock.advance(1000);
  assert.equal(informer.hasSynced, true);
  await stop();
});

test('a watch that stays silent beyond its bookmarks is opened again', async () => {
  const { clock, requests, stop } = setup([list('50', [])]);
  await clock.advance(99_000);
  assert.equal(watches(requests).length, 1);
  await clock.advance(3_000);
  assert.equal(watches(requests).length, 2);
  await stop();
});

test('a server that ends watches at once is not asked in a tight loop', async () => {
  const ends = Array.from({ length: 50 }, (): Answer => ({ chunks: [] }));
  const { clock, requests, stop } = setup([list('50', []), ...ends]);
  await clock.advance(60_000);
  assert.ok(watches(requests).length < 10, `${watches(requests).length} watches in a minute`);
  await stop();
});
