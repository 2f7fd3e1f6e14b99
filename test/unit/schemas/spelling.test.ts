import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../../schemas/spelling.ts';

test('the nearest name is proposed for a slip, not for another word', () => {
  const names = ['shared_buffers', 'work_mem', 'zone-a'];
  assert.equal(nearest('shared_bufers', names), 'shared_buffers');
  assert.equal(nearest('Zone-A', names), 'zone-a');
  assert.equal(nearest('zone-', names), 'zone-a');
  assert.equal(nearest('zoen-a', names), 'zone-a');
  assert.equal(nearest('multiAdmin', ['multigateway', 'multiadmin']), 'multiadmin');
  assert.equal(nearest('replica', ['replicas', 'resources']), 'replicas');
  assert.equal(nearest('zebra', ['replicas', 'resources']), undefined);
  assert.equal(nearest('x', names), undefined);
});

test('a name that nobody would write by hand costs no time', () => {
  const long = 'x'.repeat(100_000);
  const start = performance.now();
  for (let i = 0; i < 100; i++) {
    assert.equal(nearest(long, [long, 'work_mem']), undefined);
    assert.equal(nearest('work_mem', [long]), undefined);
  }
  assert.ok(performance.now() - start < 1000);
});
