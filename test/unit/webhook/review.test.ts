import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReview, limitWarnings, parseReview, ReviewError } from '../../../webhook/review.ts';

const body = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u1',
    kind: { group: 'multigres.com', version: 'v1alpha1', kind: 'MultigresCluster' },
    name: '',
    namespace: 'ns',
    operation: 'CREATE',
    userInfo: { username: 'alice' },
    object: { metadata: { name: 'm' } },
    oldObject: null,
    dryRun: true,
  },
};

test('a request is read, its name from the object where there is none', () => {
  const request = parseReview(body);
  assert.equal(request.name, 'm');
  assert.equal(request.user, 'alice');
  assert.equal(request.dryRun, true);
  assert.ok(!('oldObject' in request));
});

test('what is no review is refused with the reason', () => {
  const bad = [
    undefined,
    [],
    { ...body, apiVersion: 'admission.k8s.io/v1beta1' },
    { ...body, request: undefined },
    { ...body, request: { ...body.request, uid: '' } },
    { ...body, request: { ...body.request, operation: 'CONNECT' } },
  ];
  for (const value of bad) assert.throws(() => parseReview(value), ReviewError);
});

test('the uid is echoed and the patch encoded; nothing else for a plain yes', () => {
  assert.deepEqual(buildReview('u1', { allowed: true, patch: [], warnings: [] }).response, {
    uid: 'u1',
    allowed: true,
  });
  const { response } = buildReview('u1', { allowed: true, patch: [{ op: 'add' }] });
  assert.equal(response['patchType'], 'JSONPatch');
  assert.equal(Buffer.from(String(response['patch']), 'base64').toString(), '[{"op":"add"}]');
});

test('an object of a deleted collection is named by itself', () => {
  const metadata = { name: 'demo', namespace: 'ns' };
  const oldObject = { apiVersion: 'multigres.com/v1alpha1', kind: 'CoreTemplate', metadata };
  const request = { ...body.request, name: '', operation: 'DELETE', object: null, oldObject };
  assert.equal(parseReview({ ...body, request }).name, 'demo');
});

test('the bookkeeping of writes is read when it is asked for', () => {
  const whole = structuredClone(body) as { request: { object: { metadata: object } } };
  Object.assign(whole.request.object.metadata, { managedFields: [{ manager: 'kubectl' }] });
  assert.equal(parseReview(body, () => whole).wholeObject?.(), whole.request.object);
  assert.equal(parseReview(body).wholeObject, undefined);
});

test('a refusal has a status and no patch', () => {
  const { response } = buildReview('u', { allowed: false, message: 'no', patch: [{ op: 'add' }] });
  assert.deepEqual(response, {
    uid: 'u',
    allowed: false,
    status: { code: 403, reason: 'Forbidden', message: 'no' },
  });
});

test('a warning is one line, however long', () => {
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
  assert.deepEqual(limitWarnings([`${words}\n`, 'short']), [words, 'short']);
});

test('too many warnings end with how many are missing, below the limit of the API server', () => {
  const lines = limitWarnings(Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(90)}`));
  assert.match(lines.at(-1) ?? '', /^\d+ more warnings left out here: see kubectl multigres lint$/);
  assert.ok(lines.join('').length < 4096);
});
