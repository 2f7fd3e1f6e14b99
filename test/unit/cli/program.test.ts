import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { POLICIES } from '../../../webhook/policies/index.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const program = path.join(root, 'cli/kubectl-multigres.mjs');

function start(args: string[], input = '') {
  return spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
}

test('lints from the sources', () => {
  const { status, stdout, stderr } = start(['lint', 'examples/minimal.yaml']);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /1 object, all accepted/);
});

test('lists every policy, for people and for programs', () => {
  const lines = start(['policies']).stdout.trimEnd().split('\n').slice(1);
  const data = JSON.parse(start(['policies', '-o', 'json']).stdout) as { summary: string }[];
  assert.equal(lines.length, POLICIES.length);
  assert.equal(data.length, POLICIES.length);
  for (const [i, { code, id, summary }] of POLICIES.entries()) {
    assert.match(lines[i] ?? '', new RegExp(`^${code}  ${id} +(deny|warn) `));
    assert.equal(data[i]?.summary, summary);
  }
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

test('standard input may come late, in pieces, and with pauses', () => {
  const wait = 'sleep 1';
  const producer = `${wait}; head -c 200 examples/minimal.yaml; ${wait}; tail -c +201 examples/minimal.yaml`;
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `(${producer}) | "${process.execPath}" "${program}" lint -`],
    { cwd: root, encoding: 'utf8', timeout: 60_000 },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /1 object, all accepted/);
});

test('standard input may be a file, or nothing', () => {
  const shell = (redirection: string) =>
    spawnSync('sh', ['-c', `"${process.execPath}" "${program}" lint - ${redirection}`], {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
    });
  assert.equal(shell('< examples/minimal.yaml').status, 0);
  assert.match(shell('< /dev/null').stdout, /no objects/);
  const folder = shell('< examples');
  assert.equal(folder.status, 2);
  assert.match(folder.stdout, /^-: cannot read: /);
});
