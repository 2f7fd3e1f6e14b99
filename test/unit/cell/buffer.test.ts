import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferFlags } from '../../../controller/cell/desired.ts';
import { bufferOf } from '../../../schemas/buffer.ts';
import { durationMs } from '../../../schemas/duration.ts';
import { BUFFER_DEFAULTS } from '../../../schemas/resolve/builtin.ts';
import { bufferFindings } from '../../../webhook/policies/config/gateway-buffer.ts';

/** Writes blocked for so long at the most when a primary was killed, at the runtime's own slow timers. */
const LONGEST_FAILOVER_MS = 28_200;

test('on, with a window that outlasts a failover, unless the user says otherwise', () => {
  const defaults = ['--buffer-enabled=true', '--buffer-window=30s', '--buffer-max-failover-duration=45s', '--buffer-min-time-between-failovers=0s', '--buffer-size=10000', '--buffer-drain-concurrency=20']; // prettier-ignore
  assert.deepEqual(bufferFlags(undefined), defaults);
  assert.deepEqual(bufferFlags({ enabled: true }), defaults);
  assert.deepEqual(bufferFlags({ enabled: false, window: '1s' }), ['--buffer-enabled=false']);
  assert.ok((durationMs(BUFFER_DEFAULTS.window) ?? 0) > LONGEST_FAILOVER_MS);
});

test('the window never exceeds the longest failover, and admission thinks so too', () => {
  const cases: [given: object, window: string, most: string][] = [
    [{ window: '60s' }, '60s', '60s'],
    [{ window: '5s' }, '5s', '45s'],
    [{ maxFailoverDuration: '20s' }, '20s', '20s'],
    [{ maxFailoverDuration: '2m' }, '30s', '2m'],
    [{ window: '1m', maxFailoverDuration: '60s' }, '1m', '60s'],
  ];
  for (const [given, window, maxFailoverDuration] of cases) {
    assert.deepEqual(bufferOf(given), { ...BUFFER_DEFAULTS, window, maxFailoverDuration });
    assert.deepEqual(
      bufferFindings(given, 'it', (field) => field),
      [],
    );
  }
  const wrong = { window: '61s', maxFailoverDuration: '1m' };
  assert.equal(bufferFindings(wrong, 'it', (field) => field).length, 1);
});

test('what the user gives is passed on as it is', () => {
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
