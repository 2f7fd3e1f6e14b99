import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect as plainConnect } from 'node:net';
import { connect } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { eventually } from '../../support/webhook.ts';
import { issueCa, issueLeaf } from '../../../pki/ca.ts';
import { listenPlain, listenTls } from '../../../webhook/listen.ts';
import type { Refusal } from '../../../webhook/refusal.ts';
import { createApp, type Handlers } from '../../../webhook/server.ts';

const review = (uid: string) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid, kind: { kind: 'X' }, operation: 'CREATE', object: { metadata: {} } },
  });
const json = { 'Content-Type': 'application/json' };

describe('the HTTP face', () => {
  const errors: unknown[] = [];
  const refusals: Refusal[] = [];
  let reasons: string[] = [];
  const handlers: Handlers = {
    mutate: () => Promise.resolve({ verdict: { allowed: true, patch: [{ op: 'add' }] } }),
    validate: (request) => {
      if (request.uid === 'bug') return Promise.reject(new Error('oops'));
      if (request.uid === 'mute') {
        const told = () => {
          throw new Error('the log is full');
        };
        return Promise.resolve({ verdict: { allowed: true }, told });
      }
      return Promise.resolve({ verdict: { allowed: true } });
    },
    notReady: () => reasons,
    onError: (error) => void errors.push(error),
    onRefused: (refusal) => void refusals.push(refusal),
  };
  const app = createApp(handlers, 1000);
  let base = '';
  let stop = () => Promise.resolve();
  before(async () => {
    const { port, close } = await listenPlain(app, { host: '127.0.0.1', port: 0 });
    base = `http://127.0.0.1:${port}`;
    stop = () => close(100);
  });
  after(() => stop());
  const post = (path: string, body: string, headers: Record<string, string> = json) =>
    fetch(`${base}${path}`, { method: 'POST', body, headers });
  const verdict = async (uid: string) => {
    const answer = await post('/validate', review(uid));
    assert.equal(answer.status, 200);
    return ((await answer.json()) as { response: Record<string, unknown> }).response;
  };

  test('answers both steps', async () => {
    const mutated = (await (await post('/mutate', review('u'))).json()) as { response: object };
    assert.deepEqual(mutated.response, {
      uid: 'u',
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from('[{"op":"add"}]').toString('base64'),
    });
    assert.deepEqual(await verdict('u'), { uid: 'u', allowed: true });
    // as the API server asks
    assert.equal((await post('/validate?timeout=10s', review('u'))).status, 200);
  });

  test('a failure is told inside the review', async () => {
    const { allowed, status } = await verdict('bug');
    assert.equal(allowed, false);
    const { code, message } = status as { code: number; message: string };
    assert.equal(code, 500);
    assert.match(message, /internal error.*oops.*Fix:/);
    assert.equal(errors.length, 1);
  });

  test('an answer stands, whatever happens when it is told of', async () => {
    assert.equal((await verdict('mute')).allowed, true);
    assert.deepEqual(
      errors.splice(1).map((error) => (error as Error).message),
      ['the log is full'],
    );
  });

  test('refuses other types, broken JSON, large bodies and what is no review', async () => {
    assert.equal(
      (await post('/validate', review('u'), { 'Content-Type': 'text/plain' })).status,
      415,
    );
    assert.equal((await post('/validate', '{')).status, 400);
    assert.equal((await post('/validate', '{}')).status, 400);
    assert.equal((await fetch(`${base}/validate`, { method: 'POST', headers: json })).status, 400);
    assert.equal((await post('/validate', JSON.stringify({ a: 'x'.repeat(2000) }))).status, 413);
    assert.equal((await fetch(`${base}/validate`)).status, 405);
    assert.equal((await fetch(`${base}/other`)).status, 404);
    assert.deepEqual(
      refusals.map(({ status }) => status),
      [415, 400, 400, 400, 413, 405, 404],
    );
  });

  test('tells of each refusal what is known', async () => {
    refusals.length = 0;
    const wrong = JSON.parse(review('u7')) as { apiVersion: string; request: object };
    wrong.apiVersion = 'admission.k8s.io/v1beta1';
    Object.assign(wrong.request, { name: 'demo\n', userInfo: { username: 'alice' } });
    const answer = await post('/mutate', JSON.stringify(wrong));
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /AdmissionReview of admission\.k8s\.io\/v1, got .*v1beta1/);
    const { ms, why, bytes, ...rest } = refusals[0] ?? { status: 0 };
    assert.deepEqual(rest, {
      status: 400,
      path: '/mutate',
      contentType: 'application/json',
      uid: 'u7',
      user: 'alice',
      operation: 'CREATE',
      kind: 'X',
      name: 'demo',
    });
    assert.ok(ms !== undefined && bytes !== undefined && /v1beta1/.test(why ?? ''));
  });

  test('refuses bytes that are no UTF-8, other charsets, and what is large when unpacked', async () => {
    const body = Buffer.from(review('caf\u00e9'), 'latin1');
    const send = (data: Buffer, headers: Record<string, string>) =>
      fetch(`${base}/validate`, { method: 'POST', body: data as never, headers });
    assert.equal((await send(body, json)).status, 400);
    const latin = { 'Content-Type': 'application/json; charset=iso-8859-1' };
    assert.equal((await send(body, latin)).status, 415);
    const bomb = gzipSync(Buffer.alloc(1_000_000, ' '));
    const packed = { ...json, 'Content-Encoding': 'gzip' };
    assert.equal((await send(bomb.subarray(0), packed)).status, 413);
    assert.equal((await send(gzipSync(review('u')), packed)).status, 200);
    assert.equal((await send(gzipSync(review('u')).subarray(0, 40), packed)).status, 400);
    assert.deepEqual(errors.slice(1), []);
  });

  test('tells health, and why it is not ready', async () => {
    assert.equal((await fetch(`${base}/healthz`)).status, 200);
    reasons = ['the CA bundle is not published yet'];
    const answer = await fetch(`${base}/readyz`);
    assert.equal(answer.status, 503);
    assert.equal(await answer.text(), reasons[0]);
    reasons = [];
    assert.equal((await fetch(`${base}/readyz`)).status, 200);
  });
});

test('a new certificate serves new connections, and idle ones live longer than those of clients', async () => {
  const ca = await issueCa({ commonName: 'ca', years: 1 });
  const issue = (commonName: string) =>
    issueLeaf({
      ca,
      commonName,
      dnsNames: ['localhost'],
      serverAuth: true,
      clientAuth: false,
      days: 1,
    });
  const app = createApp({
    mutate: () => Promise.resolve({ verdict: { allowed: true } }),
    validate: () => Promise.resolve({ verdict: { allowed: true } }),
    notReady: () => [],
    onError: () => {},
  });
  const { server, port, close } = await listenTls(app, await issue('one'), {
    host: '127.0.0.1',
    port: 0,
  });
  const served = async () => {
    const socket = connect({ port, host: '127.0.0.1', ca: ca.cert, servername: 'localhost' });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };
  assert.equal(await served(), 'one');
  server.setSecureContext(await issue('two'));
  assert.equal(await served(), 'two');
  assert.equal(server.keepAliveTimeout, 95_000);
  const request = httpsRequest({
    port,
    host: '127.0.0.1',
    path: '/healthz',
    ca: ca.cert,
    servername: 'localhost',
  });
  request.end();
  const [answer] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }];
  assert.equal(answer.statusCode, 200);
  answer.resume();
  const start = performance.now();
  const unused = plainConnect(port, '127.0.0.1');
  unused.on('error', () => {});
  await once(unused, 'connect');
  await close(5000);
  assert.ok(performance.now() - start < 1000, 'an idle or unused connection held the server');
});

test('clients that are slow or send no HTTP are cut off, with a word in the log', async () => {
  const refusals: Refusal[] = [];
  const onRefused = (refusal: Refusal) => void refusals.push(refusal);
  const app = createApp({
    mutate: () => Promise.resolve({ verdict: { allowed: true } }),
    validate: () => Promise.resolve({ verdict: { allowed: true } }),
    notReady: () => [],
    onError: (error) => assert.fail(String(error)),
    onRefused,
  });
  const address = { host: '127.0.0.1', port: 0, patienceMs: 200, onRefused };
  const { server, port, close } = await listenPlain(app, address);
  const said = async (text: string): Promise<string> => {
    const socket = plainConnect(port, '127.0.0.1');
    socket.write(text);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    await once(socket, 'close');
    return answer;
  };
  const head = 'POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const gone = plainConnect(port, '127.0.0.1');
  gone.write(`${head}Content-Length: 100\r\n\r\n{"a":`, () => gone.destroy());
  await eventually('the client that went away to be told', () =>
    refusals.find(({ why }) => /went away/.test(why)),
  );
  assert.match(await said(`${head}Content-Length: 100\r\n\r\n{"a":`), /^HTTP\/1\.1 408 /);
  // one that announces more than is taken is answered before it sends it, and then cut off
  assert.match(await said(`${head}Content-Length: 9000000000\r\n\r\n{"a":`), /^HTTP\/1\.1 413 /);
  // nobody who was refused holds a connection by not closing its side
  const deaf = plainConnect({ port, host: '127.0.0.1', allowHalfOpen: true });
  deaf.on('error', () => {}).resume();
  deaf.write('\x16\x03\x01');
  await eventually('the deaf client to be cut off', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    server.getConnections((_error, count) => resolve(count));
    return (await promise) === 0 ? true : undefined;
  });
  deaf.destroy();
  assert.match(await said(head), /^HTTP\/1\.1 408 /);
  assert.match(await said('\x16\x03\x01'), /^HTTP\/1\.1 400 /);
  assert.match(await said(`${head}X: ${'y'.repeat(100_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  for (const status of [408, 400, 431]) assert.ok(refusals.some((one) => one.status === status));
  await close(100);
});

test('a running request ends before the server does', async () => {
  let answer = () => {};
  const app = createApp({
    mutate: () => Promise.resolve({ verdict: { allowed: true } }),
    validate: () =>
      new Promise((resolve) => (answer = () => resolve({ verdict: { allowed: true } }))),
    notReady: () => [],
    onError: () => {},
  });
  const { port, close } = await listenPlain(app, { host: '127.0.0.1', port: 0 });
  const asked = fetch(`http://127.0.0.1:${port}/validate`, {
    method: 'POST',
    body: review('u'),
    headers: json,
  });
  await delay(100);
  const closed = close(5000);
  answer();
  assert.equal((await asked).status, 200);
  await closed;
});
