import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';

const program = path.join(import.meta.dirname, '../../support/logging-program.ts');

const ENDS: { end: string; code: number | null; lines: number }[] = [
  { end: 'return', code: 0, lines: 50 },
  { end: 'exit', code: 3, lines: 50 },
  { end: 'reject', code: 1, lines: 50 },
  { end: 'throw', code: 1, lines: 50 },
  { end: 'term', code: 0, lines: 100 },
  { end: 'term twice', code: 143, lines: 100 },
  { end: 'kill', code: null, lines: 1 },
];

describe('no line of the log is lost at the end of the process by', () => {
  for (const { end, code, lines } of ENDS)
    test(end, () => {
      const { status, stdout } = spawnSync(process.execPath, [program, end], {
        encoding: 'utf8',
        timeout: 30_000,
      });
      assert.equal(status, code);
      const seen = stdout.split('\n').filter((line) => line !== '');
      assert.equal(seen.length, lines);
      for (const line of seen) assert.equal((JSON.parse(line) as { msg: string }).msg, 'review');
    });
});
