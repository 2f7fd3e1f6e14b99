import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify, errorFromNetwork, errorFromResponse } from '../../../kube/errors.ts';

const cases: [number, string, string, string][] = [
  [409, 'AlreadyExists', '', 'exists'],
  [409, 'Conflict', '', 'conflict'],
  [404, 'NotFound', '', 'gone'],
  [410, 'Expired', '', 'gone'],
  [400, 'BadRequest', '', 'invalid'],
  [422, 'Invalid', '', 'invalid'],
  [401, 'Unauthorized', '', 'denied'],
  [403, 'Forbidden', '', 'denied'],
  [429, 'TooManyRequests', '', 'busy'],
  [503, 'ServiceUnavailable', '', 'busy'],
  [504, 'Timeout', '', 'busy'],
  [500, 'InternalError', 'failed calling webhook "x": connection refused', 'busy'],
  [500, 'InternalError', 'something else', 'bug'],
  [415, 'UnsupportedMediaType', '', 'bug'],
];
for (const [status, reason, message, expected] of cases) {
  test(`${status} ${reason} ${message} is ${expected}`, () => {
    assert.equal(classify(status, reason, message), expected);
  });
}

test('what is refused because its namespace is being deleted is no lasting refusal', () => {
  const answer = (causes: object[]) =>
    errorFromResponse(
      'create Pod ns/x',
      403,
      JSON.stringify({ reason: 'Forbidden', details: { causes } }),
    );
  const ending = { reason: 'NamespaceTerminating', field: 'metadata.namespace', message: 'm' };
  assert.equal(answer([ending]).class, 'ending');
  assert.equal(answer([{ reason: 'Other' }]).class, 'denied');
});

test('the wait a server asks for is read from header or body', () => {
  assert.equal(errorFromResponse('x', 429, '{}', '3').retryAfterMs, 3000);
  const body = JSON.stringify({ details: { retryAfterSeconds: 2 } });
  assert.equal(errorFromResponse('x', 503, body).retryAfterMs, 2000);
  assert.equal(errorFromResponse('x', 503, '<html>').retryAfterMs, undefined);
});

test('a network error is busy and keeps its code', () => {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const error = errorFromNetwork('get Pod ns/x', new TypeError('fetch failed', { cause }));
  assert.equal(error.class, 'busy');
  assert.equal(error.reason, 'ECONNRESET');
  assert.match(error.message, /^get Pod ns\/x: /);
});
