import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redial } from '../../../controller/rpc/channels.ts';

test('a channel is given up after three seconds of failures without an answer between', () => {
  const redial = new Redial();
  assert.equal(redial.failed('a', 0), false);
  assert.equal(redial.failed('a', 2999), false);
  assert.equal(redial.failed('b', 2999), false, 'each channel has its own time');
  assert.equal(redial.failed('a', 3000), true);
});

test('an answer begins the time anew, and so does a new channel', () => {
  const redial = new Redial();
  redial.failed('a', 0);
  redial.answered('a');
  assert.equal(redial.failed('a', 5000), false);
  assert.equal(redial.failed('a', 9000), true);
  assert.equal(redial.failed('a', 9100), false);
});
