/**
 * Packs the command line for npm: the bundle alone, which needs no other package, under the name that
 * `npx kubectl-multigres` asks for. Prints the path of the tarball.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildBundles } from './build.ts';

const root = path.resolve(import.meta.dirname, '..');

interface Manifest {
  version: string;
  license: string;
  type: string;
  engines: object;
  bin: object;
  files: string[];
}

/** @param folder where the tarball goes */
export async function packCli(folder: string): Promise<string> {
  await buildBundles(['kubectl-multigres']);
  const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const { version, license, type, engines, bin, files } = own;
  const work = mkdtempSync(path.join(tmpdir(), 'multigres-pack-'));
  try {
    for (const file of [...files, 'LICENSE'])
      cpSync(path.join(root, file), path.join(work, file), { recursive: true });
    cpSync(path.join(root, 'docs/cli.md'), path.join(work, 'README.md'));
    const manifest = {
      name: 'kubectl-multigres',
      description:
        'Judges and explains Multigres manifests as the API server and the operator will.',
      ...{ version, license, type, engines, bin, files },
    };
    writeFileSync(path.join(work, 'package.json'), JSON.stringify(manifest, null, 2));
    mkdirSync(folder, { recursive: true });
    const args = ['pack', '--silent', '--offline', '--pack-destination', path.resolve(folder)];
    const name = execFileSync('npm', args, { cwd: work, encoding: 'utf8' }).trim();
    return path.resolve(folder, name.split('\n').at(-1) ?? '');
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (import.meta.main) console.log(await packCli(path.join(root, 'dist')));
