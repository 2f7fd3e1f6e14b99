import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../../kube/log.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { createWebhookMetrics } from '../../../webhook/metrics.ts';
import { parseReview, type AdmissionRequest, type Verdict } from '../../../webhook/review.ts';
import { createSteps, type StepsDeps } from '../../../webhook/steps.ts';
import { plainDeps, reviewSeeds } from '../../support/review-seeds.ts';

const seed = reviewSeeds().find(({ name }) => name === 'durability-can-be-met/refuses-one-pooler');
assert.ok(seed);
const { world, review } = seed;

/** A review that is refused unless alice may bypass what refuses it. */
function request(dryRun = false) {
  const body = structuredClone(review);
  const { metadata } = body.request['object'] as KubeObject;
  metadata.annotations = {
    'multigres.com/bypass-policies': 'durability-can-be-met,write-headroom,survives-zone-loss',
    'multigres.com/bypass-reason': 'INC-1',
  };
  body.request['dryRun'] = dryRun;
  return parseReview(body);
}

/** The steps, an API server that answers questions about rights after `rightsMs`, and what is told. */
function stage(deps: { rightsMs: number; reviewMs: number }) {
  const lines: Record<string, unknown>[] = [];
  const told: string[] = [];
  let answered: Promise<unknown> = Promise.resolve();
  const plain = plainDeps(world);
  const metrics = createWebhookMetrics();
  const raw: StepsDeps['kube']['raw'] = () => {
    const answer = new Promise((resolve) => {
      setTimeout(() => resolve({ status: { allowed: true } }), deps.rightsMs);
    });
    answered = answer;
    return answer as never;
  };
  const { validate } = createSteps({
    ...plain,
    kube: { ...plain.kube, raw },
    events: { event: (_object, _type, reason) => void told.push(reason) },
    log: createLog('info', (line) => lines.push(JSON.parse(line) as Record<string, unknown>)),
    metrics,
    reviewMs: deps.reviewMs,
  });
  const ask = async (asked: AdmissionRequest): Promise<Verdict> => {
    const answered = await validate(asked);
    answered.told?.();
    return answered.verdict;
  };
  const count = async (start: string): Promise<string[]> =>
    (await metrics.page()).body.split('\n').filter((line) => line.startsWith(start));
  return { ask, lines, told, count, answered: () => answered };
}

test('a bypass is told by an Event, a number and a line', async () => {
  const { ask, lines, told, count } = stage({ rightsMs: 1, reviewMs: 5000 });
  assert.equal((await ask(request())).allowed, true);
  assert.deepEqual(told, ['PolicyBypassed']);
  assert.equal((await count('multigres_webhook_bypass_total{')).length, 1);
  assert.deepEqual(lines[0]?.['bypassed'], ['durability-can-be-met']);
});

test('a dry run leaves no trace but its line', async () => {
  const { ask, lines, told, count } = stage({ rightsMs: 1, reviewMs: 5000 });
  assert.equal((await ask(request(true))).allowed, true);
  assert.deepEqual(told, []);
  assert.deepEqual(await count('multigres_webhook_bypass_total{'), []);
  assert.deepEqual(await count('multigres_webhook_findings_total{'), []);
  assert.equal(lines[0]?.['dryRun'], true);
});

test('a review that took too long is refused, and what it would have come to is not told', async () => {
  const { ask, lines, told, count, answered } = stage({ rightsMs: 1000, reviewMs: 5 });
  const { allowed, code, message } = await ask(request());
  assert.deepEqual([allowed, code], [false, 500]);
  assert.match(message ?? '', /internal error.*longer than 5 ms.*Fix:/);
  await answered();
  await new Promise(setImmediate);
  assert.deepEqual(told, []);
  assert.deepEqual(await count('multigres_webhook_bypass_total{'), []);
  assert.deepEqual(
    lines.map(({ verdict }) => verdict),
    ['error'],
  );
  const [total = ''] = await count('multigres_operator_webhook_request_total{');
  assert.match(total, /result="error"/);
});
