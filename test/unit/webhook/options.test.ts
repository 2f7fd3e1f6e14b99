import assert from 'node:assert/strict';
import { test } from 'node:test';
import { variableOf } from '../../../kube/options.ts';
import { parseWebhookOptions, WEBHOOK_OPTIONS } from '../../../webhook/options.ts';

test('a flag wins over the environment, which wins over the default', () => {
  const result = parseWebhookOptions(['--port=1'], { WEBHOOK_PORT: '2', POD_NAMESPACE: 'x' });
  assert.ok(result.ok);
  assert.equal(result.value.port, 1);
  assert.equal(result.value.namespace, 'x');
  assert.equal(result.value.checkSeconds, 30);
  assert.deepEqual(result.value.healthAddress, { host: '', port: 8081 });
});

test('every wrong value is told, with what is right', () => {
  const result = parseWebhookOptions(['--port=x', '--publish-url=http://a', '--log-level=loud'], {
    HEALTH_ADDRESS: 'nowhere',
  });
  assert.ok(!result.ok);
  assert.deepEqual(result.problems, [
    '--port: "x" is not a whole number from 0 to 65535',
    'HEALTH_ADDRESS: "nowhere" is not host:port',
    '--publish-url: "http://a" is not of the form https://host:port',
    '--log-level: "loud" is not one of debug, info, warn, error',
  ]);
  assert.ok(!parseWebhookOptions(['--no-such'], {}).ok);
});

test('flags and variables are used once', () => {
  const defs = Object.values(WEBHOOK_OPTIONS);
  assert.equal(new Set(defs.map(({ flag }) => flag)).size, defs.length);
  assert.equal(new Set(defs.map(variableOf)).size, defs.length);
});
