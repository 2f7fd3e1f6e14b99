import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Failure, Input } from './documents.ts';

const MANIFEST = /\.(ya?ml|json)$/;
const KUSTOMIZATION = /^(kustomization\.ya?ml|Kustomization)$/;

/** What was read of the files that somebody named. */
export interface ReadFiles {
  inputs: Input[];
  failures: Failure[];
}

/**
 * Reads files, the manifests that lie directly in folders (as `kubectl apply -f` does), and standard
 * input for `-`. What cannot be read is told, and the rest is read all the same.
 */
export function readFiles(names: readonly string[], stdin: () => string): ReadFiles {
  const inputs: Input[] = [];
  const failures: Failure[] = [];
  const fail = (file: string, message: string) =>
    failures.push({ file, line: 0, column: 0, message });
  for (const name of [...new Set(names)]) {
    try {
      if (name === '-') inputs.push({ name: '-', text: stdin() });
      else if (statSync(name).isDirectory()) inputs.push(...readFolder(name));
      else inputs.push({ name, text: readText(name) });
    } catch (error) {
      fail(name, reasonOf(error));
    }
  }
  return { inputs, failures };
}

/** Text files end up here by mistake too: what is no UTF-8 is no manifest. */
function readText(file: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
}

function readFolder(folder: string): Input[] {
  const entries = readdirSync(folder).toSorted();
  if (entries.some((entry) => KUSTOMIZATION.test(entry)))
    throw new Error(
      `the folder is built by kustomize: run kubectl kustomize ${folder} | kubectl multigres lint -`,
    );
  const files = entries
    .filter((entry) => MANIFEST.test(entry))
    .map((entry) => path.join(folder, entry))
    .filter((file) => statSync(file).isFile());
  if (files.length === 0)
    throw new Error('no *.yaml, *.yml or *.json lies directly in this folder: name the files');
  return files.map((name) => ({ name, text: readText(name) }));
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'it may not be read: permission denied',
};

function reasonOf(error: unknown): string {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is no text in UTF-8';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
