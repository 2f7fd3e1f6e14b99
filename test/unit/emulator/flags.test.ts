import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags, parseGoDuration } from '../../../emulator/flags.ts';

test('flags: given values, defaults and words', () => {
  const flags = parseFlags('multipooler', [
    '--grpc-port',
    '15270',
    '--cell=zone-a',
    '--pprof-http',
  ]);
  assert.equal(flags.number('grpc-port'), 15270);
  assert.equal(flags.text('cell'), 'zone-a');
  assert.equal(flags.on('pprof-http'), true);
  assert.equal(flags.ms('connpool-drain-grace-period'), 3000);
  assert.deepEqual(parseFlags('pgctld', ['server']).words, ['server']);
});

test('flags: what the real binaries refuse is refused', () => {
  assert.throws(() => parseFlags('multiorch', ['--pg-port=1']), /unknown flag: --pg-port/);
  assert.throws(() => parseFlags('pgctld', ['--grpc-crl=x']), /not implemented/);
  assert.throws(() => parseFlags('pgctld', ['--pg-port=five']), /invalid argument "five"/);
  assert.throws(() => parseFlags('multigateway', ['--buffer-window=10']), /invalid argument "10"/);
  assert.throws(() => parseFlags('pgctld', ['--pg-port']), /needs an argument/);
});

test('flags: durations in Go notation', () => {
  for (const [text, ms] of [
    ['0', 0],
    ['250ms', 250],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['10', undefined],
    ['ten', undefined],
  ] as const) {
    assert.equal(parseGoDuration(text), ms, text);
  }
});
