import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { packCli } from '../../../hack/pack.ts';

const example = path.resolve(import.meta.dirname, '../../../examples/minimal.yaml');

test('the package for npm runs by npx where nothing else is installed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'multigres-test-pack-'));
  const run = (command: string, args: string[]): string =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 120_000 });
  try {
    const tarball = await packCli(path.join(folder, 'out'));
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--prefix', folder, tarball]);
    const installed = readdirSync(path.join(folder, 'node_modules'));
    assert.deepEqual(
      installed.filter((name) => !name.startsWith('.')),
      ['kubectl-multigres'],
    );
    const out = run('npx', ['--no-install', 'kubectl-multigres', 'lint', example]);
    assert.match(out, /^1 object, all accepted/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
