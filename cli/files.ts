import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { textOf } from '../schemas/text.ts';
import { type Failure, type Input, KUSTOMIZATION } from './documents.ts';

const MANIFEST = /\.(ya?ml|json)$/;

/** What was read of the files that somebody named. */
interface ReadFiles {
  inputs: Input[];
  failures: Failure[];
}

interface ReadOptions {
  /** All of standard input. */
  stdin: () => Promise<string>;
  /** Folders inside of folders too. */
  recursive: boolean;
}

/**
 * Reads files, the manifests that lie in folders (as `kubectl apply -f` does), and standard input for
 * `-`. What cannot be read is told, and the rest is read all the same.
 */
export async function readFiles(
  names: readonly string[],
  { stdin, recursive }: ReadOptions,
): Promise<ReadFiles> {
  const inputs: Input[] = [];
  const failures: Failure[] = [];
  const attempt = async (file: string, read: () => void | Promise<void>): Promise<void> => {
    try {
      await read();
    } catch (error) {
      failures.push({ file, line: 0, column: 0, message: reasonOf(error) });
    }
  };
  const readOne = (name: string): void => {
    inputs.push({ name, text: decodeText(readFileSync(name)) });
  };
  const readFolder = async (folder: string): Promise<number> => {
    let found = 0;
    for (const entry of entriesOf(folder)) {
      const place = path.join(folder, entry.name);
      // one that cannot be read, such as a link that leads nowhere, hides none of the others
      await attempt(place, async () => {
        if (entry.isDirectory()) {
          // .git, .github and their like hold no manifests
          if (recursive && !entry.name.startsWith('.')) found += await readFolder(place);
        } else if (MANIFEST.test(entry.name) && !isFolder(place)) {
          found += 1;
          readOne(place);
        }
      });
    }
    return found;
  };
  const readNamed = async (name: string): Promise<void> => {
    if (name === '-') return void inputs.push({ name, text: await stdin() });
    if (!isFolder(name)) return readOne(name);
    const before = failures.length;
    if ((await readFolder(name)) > 0 || failures.length > before) return;
    throw new Error(
      recursive
        ? 'no *.yaml, *.yml or *.json lies in this folder'
        : 'no *.yaml, *.yml or *.json lies directly in this folder: name the files, or use --recursive',
    );
  };
  for (const name of new Set(names)) await attempt(name, () => readNamed(name));
  return { inputs, failures };
}

/** Text files end up here by mistake too: what is no UTF-8 is no manifest. */
export const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(bytes);

/** A ConfigMap that is mounted has its files behind links. */
const isFolder = (place: string): boolean => statSync(place).isDirectory();

function entriesOf(folder: string): Dirent[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some(({ name }) => KUSTOMIZATION.test(name)))
    throw new Error(
      `the folder is built by kustomize: run kubectl kustomize ${folder} | kubectl multigres lint -`,
    );
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'it may not be read: permission denied',
  ELOOP: 'it is a link that leads back to itself',
  ERR_STRING_TOO_LONG: 'it is too large for a manifest',
  ERR_FS_FILE_TOO_LARGE: 'it is too large for a manifest',
};

function reasonOf(error: unknown): string {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is no text in UTF-8';
  return REASONS[code] ?? textOf(error);
}
