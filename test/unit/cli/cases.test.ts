import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { OFFLINE_WORLD } from '../../../cli/judge.ts';
import { type Live, run } from '../../../cli/run.ts';
import type { Answer } from '../../../webhook/bypass.ts';
import { POLICIES } from '../../../webhook/policies/index.ts';
import { casesOf } from '../../support/cases.ts';

interface CliCase {
  args: string[];
  /** File of the case that comes as standard input. */
  stdin?: string;
  exit: number;
  /** Of a cluster that has nothing: the policies that the person may set aside there. Else there is none. */
  mayBypass?: string[];
}

/** A cluster in which nothing stands. */
function emptyCluster(mayBypass: readonly string[]): Live {
  const ids = POLICIES.map(({ id }) => id);
  const answer = (id: string): Answer =>
    mayBypass.includes(id) ? { allowed: true } : { allowed: false, why: 'you have no right to' };
  return {
    user: 'alice',
    notes: [],
    state: {
      stored: () => undefined,
      worldOf: () => OFFLINE_WORLD,
      modesIn: () => ({}),
      mayBypass: () => new Map(ids.map((id) => [id, answer(id)])),
    },
  };
}

const STREAMS = ['stdout', 'stderr'] as const;

const expectedOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Each case is a run of the program in its own folder: case.yaml, and what came out in *.txt. */
describe('the command line', () => {
  for (const item of casesOf('cli'))
    test(item.name.replaceAll('-', ' '), async () => {
      const file = item.file('case.yaml');
      const { args, stdin, exit, mayBypass } = parse(readFileSync(file, 'utf8')) as CliCase;
      process.chdir(path.dirname(file));
      const printed = { stdout: '', stderr: '' };
      const code = await run(args, {
        stdin: () => readFile(stdin ?? '/dev/null', 'utf8'),
        out: (text) => (printed.stdout += text),
        err: (text) => (printed.stderr += text),
        folder: () => process.cwd(),
        readLive: () =>
          mayBypass
            ? Promise.resolve(emptyCluster(mayBypass))
            : Promise.reject(new Error('there is no cluster here')),
      });
      for (const stream of STREAMS) {
        const expected = item.file(`${stream}.txt`);
        if (process.env['UPDATE'] === '1') {
          if (printed[stream] === '') rmSync(expected, { force: true });
          else writeFileSync(expected, printed[stream]);
        }
        assert.equal(printed[stream], expectedOf(expected), stream);
      }
      assert.equal(code, exit);
    });
});
