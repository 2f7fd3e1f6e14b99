import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareDuration, durationMs, parseDuration } from '../../schemas/duration.ts';

test('durations parse as Go parses them', () => {
  const table: [text: string, nanos: bigint][] = [
    ['0', 0n],
    ['10s', 10_000_000_000n],
    ['1m30s', 90_000_000_000n],
    ['500ms', 500_000_000n],
    ['1.5h', 5_400_000_000_000n],
    ['.5s', 500_000_000n],
    ['1us', 1_000n],
    ['1µs', 1_000n],
    ['1μs', 1_000n],
    ['7ns', 7n],
    ['-2s', -2_000_000_000n],
    ['1m0s', 60_000_000_000n],
  ];
  for (const [text, nanos] of table) assert.equal(parseDuration(text), nanos, text);
});

test('what is no duration, or longer than Go can hold, is undefined', () => {
  for (const text of ['', '10', '1d', 's', '1 s', '1m 30s', '.s', '9999999999h']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('comparison and milliseconds', () => {
  assert.equal(compareDuration('1m', '60s'), 0);
  assert.equal(compareDuration('25s', '20s'), 1);
  assert.equal(compareDuration('10s', '20s'), -1);
  assert.equal(compareDuration('10s', 'x'), undefined);
  assert.equal(durationMs('1.5s'), 1500);
  assert.equal(durationMs('500us'), 0.5);
});
