/**
 * Everything that can be said about the code without running it. Each check is reported in one line;
 * the output of a failing one follows.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Check {
  title: string;
  command: [string, ...string[]];
  fix: string;
}

const CHECKS: Check[] = [
  {
    title: 'generated files are up to date',
    command: [process.execPath, 'hack/generate.ts', '--check'],
    fix: 'npm run generate',
  },
  { title: 'types', command: ['tsc', '-p', '.'], fix: 'mend the lines above' },
  {
    title: 'lint',
    command: ['oxlint', '--type-aware', '--deny-warnings'],
    fix: 'mend the lines above',
  },
  {
    title: 'imports and exports',
    command: [process.execPath, 'hack/check-modules.ts'],
    fix: 'move what is shared to where both may take it, and delete what nobody takes',
  },
  {
    title: 'format',
    command: ['prettier', '--check', '--log-level', 'warn', '.'],
    fix: 'npm run format',
  },
];

const cwd = fileURLToPath(new URL('..', import.meta.url));
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** True if the check passed. */
function run({ title, command: [program, ...args], fix }: Check): boolean {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  const passed = status === 0;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${title} (${seconds(started)})`);
  if (!passed) {
    console.log(`${stdout}${stderr}${error ? String(error) : ''}`.trimEnd());
    console.log(`     to mend it: ${fix}`);
  }
  return passed;
}

const failed = CHECKS.filter((check) => !run(check));
if (failed.length > 0) {
  console.log(`${failed.length} of ${CHECKS.length} checks failed`);
  process.exitCode = 1;
}
