/**
 * Mangled AdmissionReviews against the real HTTPS server with all policies: every answer is an
 * AdmissionReview or a 4xx, and no fault of a review is called a fault of ours.
 * FUZZ_SEED and FUZZ_RUNS repeat or extend a run.
 */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import jsonPatch from 'fast-json-patch';
import { createLog } from '../../../kube/log.ts';
import { Connection, type Answer as Received } from '../../../hack/bench/connection.ts';
import { issueCa, issueLeaf, type KeyPair } from '../../../pki/ca.ts';
import { createWebhookMetrics } from '../../../webhook/metrics.ts';
import { listenTls, type Listening } from '../../../webhook/listen.ts';
import { createApp } from '../../../webhook/server.ts';
import { createSteps } from '../../../webhook/steps.ts';
import { mangle, mangling, type Mangling } from '../../support/mangle.ts';
import { plainDeps, reviewSeeds } from '../../support/review-seeds.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20261122);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 10_000);
/** Requests at the same time. */
const CLIENTS = 8;

const seeds = reviewSeeds();
const failures: unknown[] = [];
let listening: Listening;
let ca: KeyPair;

before(async () => {
  const log = createLog('info', (line) => {
    const { level, err } = JSON.parse(line) as { level: string; err?: { stack?: string } };
    if (level === 'error') failures.push(err?.stack ?? line);
  });
  const metrics = createWebhookMetrics();
  // Each seed has a world of its own, chosen by a header: one server for all.
  const apps = seeds.map(({ world }) =>
    createApp({
      // A busy machine is no fault of the webhook.
      ...createSteps({ ...plainDeps(world), log, metrics, reviewMs: 60_000 }),
      notReady: () => [],
      onError: (error) => void failures.push(error),
      onRefused: (refusal) => metrics.refused(refusal.status),
    }),
  );
  const root: RequestListener = (req, res) => apps[Number(req.headers['x-seed'])]?.(req, res);
  ca = await issueCa({ commonName: 'ca', years: 1 });
  const leaf = await issueLeaf({
    ca,
    commonName: 'localhost',
    dnsNames: ['localhost'],
    serverAuth: true,
    clientAuth: false,
    days: 1,
  });
  listening = await listenTls(root, leaf, { host: '127.0.0.1', port: 0 });
});

after(() => listening.close(100));

/** The bytes of a request: Node's own client would take as long as the webhook. */
function requestOf(path: string, body: Buffer, seed: number): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `X-Seed: ${seed}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

interface Answer {
  apiVersion: string;
  kind: string;
  response: {
    uid: string;
    allowed: boolean;
    status?: { code: number; message: string };
    warnings?: string[];
    patch?: string;
    patchType?: string;
  };
}

/** Throws for an answer that no API server should get. */
function check(path: string, body: Buffer, { status, body: text }: Received) {
  if (status !== 200) {
    assert.ok(status >= 400 && status < 500, `HTTP ${status}: ${text}`);
    assert.notEqual(text, '', `HTTP ${status} without a reason`);
    return 'refused';
  }
  const { request } = JSON.parse(body.toString()) as { request: { uid: string; object: object } };
  const { apiVersion, kind, response } = JSON.parse(text) as Answer;
  assert.equal(`${apiVersion} ${kind}`, 'admission.k8s.io/v1 AdmissionReview');
  assert.equal(response.uid, request.uid);
  assert.equal(typeof response.allowed, 'boolean');
  assert.equal(response.status === undefined, response.allowed);
  if (response.status) {
    assert.ok([403, 422].includes(response.status.code), text.slice(0, 2000));
    assert.doesNotMatch(response.status.message, /internal error/);
    assert.ok(response.status.message.length > 0);
  }
  const warnings = response.warnings ?? [];
  for (const warning of warnings) assert.doesNotMatch(warning, /\n/);
  assert.ok(Buffer.byteLength(warnings.join('')) <= 4096);
  assert.doesNotMatch(warnings.join('\n'), /internal error|(?!\n)\p{Cc}/u);
  if (response.patch !== undefined) {
    assert.equal(path, '/mutate');
    assert.equal(response.patchType, 'JSONPatch');
    const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString()) as never[];
    jsonPatch.applyPatch(request.object, patch, true);
  }
  return response.allowed ? 'allowed' : 'denied';
}

test(`${RUNS} mangled reviews, seed ${SEED}`, { timeout: 300_000 }, async (context) => {
  const cases = fc.sample(mangling(seeds.length), { numRuns: RUNS, seed: SEED });
  const outcomes: Record<string, number> = {};
  const bad: { mangling: Mangling; name?: string; why: string }[] = [];
  const queue = cases.values();
  const work = async () => {
    const target = { port: listening.port, ca: ca.cert, servername: 'localhost' };
    let connection = await Connection.open(target);
    for (const one of queue) {
      const seed = seeds[one.seed];
      assert.ok(seed);
      const body = mangle(seed.review, one);
      try {
        const answer = await connection.send(requestOf(one.path, body, one.seed));
        const outcome = check(one.path, body, answer);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      } catch (error) {
        bad.push({ mangling: one, name: seed.name, why: String(error) });
        connection.close();
        connection = await Connection.open(target);
      }
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  context.diagnostic(`seed ${SEED}: ${JSON.stringify(outcomes)}`);
  const shown = bad.slice(0, 5).map((one) => JSON.stringify(one).slice(0, 1500));
  assert.equal(bad.length, 0, `${bad.length} bad answers, such as\n${shown.join('\n')}`);
  assert.deepEqual(failures.slice(0, 5), []);
  // Otherwise the mangling is too rough to reach the policies.
  for (const outcome of ['refused', 'allowed', 'denied']) {
    assert.ok((outcomes[outcome] ?? 0) > RUNS / 50, JSON.stringify(outcomes));
  }
});
