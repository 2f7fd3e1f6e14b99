import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferFlags } from '../../../controller/cell/buffer.ts';

test('on, with a window longer than an election, unless the user says otherwise', () => {
  const defaults = ['--buffer-enabled=true', '--buffer-window=25s', '--buffer-max-failover-duration=40s']; // prettier-ignore
  assert.deepEqual(bufferFlags(), defaults);
  assert.deepEqual(bufferFlags({ enabled: true }), defaults);
  assert.deepEqual(bufferFlags({ enabled: false }), ['--buffer-enabled=false']);
});

test('the window never exceeds the longest failover', () => {
  assert.deepEqual(bufferFlags({ window: '60s' }).slice(1), ['--buffer-window=60s', '--buffer-max-failover-duration=60s']); // prettier-ignore
  assert.deepEqual(bufferFlags({ maxFailoverDuration: '20s' }).slice(1), ['--buffer-window=20s', '--buffer-max-failover-duration=20s']); // prettier-ignore
  assert.deepEqual(bufferFlags({ window: '5s' }).slice(1), ['--buffer-window=5s', '--buffer-max-failover-duration=40s']); // prettier-ignore
});

test('other values are passed on as they are', () => {
  const flags = bufferFlags({ window: '1s', maxFailoverDuration: '2s', minTimeBetweenFailovers: '3s', size: 4, drainConcurrency: 5 }); // prettier-ignore
  assert.deepEqual(flags, [
    '--buffer-enabled=true',
    '--buffer-window=1s',
    '--buffer-max-failover-duration=2s',
    '--buffer-min-time-between-failovers=3s',
    '--buffer-size=4',
    '--buffer-drain-concurrency=5',
  ]);
});
