import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');
const program = path.join(root, 'cli/kubectl-multigres.mjs');

/** Processor time of a process, told by itself at its end, so that a busy machine does not count. */
const STOPWATCH =
  'process.on("exit",()=>{const{user,system}=process.cpuUsage();process.stderr.write(`cpu ${(user+system)/1000}`)})';

function start(args: string[], input = '') {
  return spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(STOPWATCH)}`, program, ...args],
    { cwd: root, input, encoding: 'utf8', timeout: 60_000 },
  );
}

test('a lint from the sources takes less than a second of the processor', () => {
  const { status, stdout, stderr } = start(['lint', 'examples/minimal.yaml']);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /1 object, all accepted/);
  const ms = Number(/cpu ([\d.]+)/.exec(stderr)?.[1]);
  assert.ok(ms < 1000, `${ms} ms`);
});

test('the exit code is that of the run, and a pipe that closes early is no failure', () => {
  assert.equal(start(['lint', '-'], 'kind: x').status, 2);
  const denied = 'apiVersion: multigres.com/v1alpha1\nkind: Shards\nmetadata: {name: a}';
  assert.equal(start(['lint', '-'], denied).status, 1);
  const piped = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" "${program}" explain examples/minimal.yaml | head -1`],
    { cwd: root, encoding: 'utf8', timeout: 60_000 },
  );
  assert.equal(piped.stderr, '');
  assert.match(piped.stdout, /^# MultigresCluster default\/minimal/);
});
