import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { run } from '../../../cli/run.ts';
import { casesOf } from '../../support/cases.ts';

interface CliCase {
  args: string[];
  /** File of the case that comes as standard input. */
  stdin?: string;
  exit: number;
}

const STREAMS = ['stdout', 'stderr'] as const;

const expectedOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Each case is a run of the program in its own folder: case.yaml, and what came out in *.txt. */
describe('the command line', () => {
  for (const item of casesOf('cli'))
    test(item.name.replaceAll('-', ' '), async () => {
      const file = item.file('case.yaml');
      const { args, stdin, exit } = parse(readFileSync(file, 'utf8')) as CliCase;
      process.chdir(path.dirname(file));
      const printed = { stdout: '', stderr: '' };
      const code = await run(args, {
        stdin: () => readFileSync(stdin ?? '/dev/null', 'utf8'),
        out: (text) => (printed.stdout += text),
        err: (text) => (printed.stderr += text),
        readLive: () => Promise.reject(new Error('there is no cluster here')),
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
