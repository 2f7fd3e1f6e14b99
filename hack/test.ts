/**
 * test.ts [tier...]: runs the tiers one after the other, each with what it needs prepared.
 * No tier named: unit, integration, chart, contract, e2e, chaos. Options: --runtime emulator|images|auto,
 * --image-… as in the demo (for contract, e2e and chaos), --only TEXT: files of integration and e2e.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { local, ROOT, say } from './lib/run.ts';
import { controlPlane, helm, kubernetes, stopControlPlane } from './lib/tools.ts';
import { RUNTIME_OPTIONS } from './lib/runtime.ts';

type Env = Record<string, string>;
interface Outcome {
  name: string;
  code: number;
  seconds: number;
}

/** Control planes of tests listen from this port on, ten apart; two checkouts side by side need two. */
const FIRST_PORT = Number(process.env['MULTIGRES_TEST_PORT'] ?? 20443);
/** Of the tiers on kind: a cluster of its own, so that a demo that is up stays up. */
const KIND_NAME = process.env['KIND_NAME'] ?? 'multigres-test';
/** The longest integration file, mostly waiting: begun first, so that nothing waits for it alone. */
const LONGEST = 'tree.test.ts';
/** How many integration files run at once, each with a control plane of its own (0.8 GiB). */
const AT_ONCE = 2;

const files = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name))
    .toSorted();

/** Runs Node's test runner. Output is shown as it comes, or at the end when `whole` is set. */
async function nodeTest(
  name: string,
  tests: string[],
  env: Env,
  options: { whole?: boolean; concurrency?: number } = {},
): Promise<Outcome> {
  if (tests.length === 0) throw new Error(`tier ${name} has no test files`);
  const started = Date.now();
  const { promise, resolve } = Promise.withResolvers<number>();
  const args = [
    '--test',
    '--test-timeout=1500000',
    `--test-concurrency=${options.concurrency ?? 2}`,
  ];
  const child = spawn(process.execPath, [...args, '--test-reporter=spec', ...tests], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', options.whole ? 'pipe' : 'inherit', options.whole ? 'pipe' : 'inherit'],
    timeout: 40 * 60_000,
  });
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.on('close', (code) => resolve(code ?? -1));
  const code = await promise;
  if (options.whole) process.stdout.write(`\n--- ${name}\n${out}`);
  return { name, code, seconds: (Date.now() - started) / 1000 };
}

async function integration(only: string[]): Promise<Outcome[]> {
  const { kubectl, etcd } = await kubernetes();
  const program = await helm();
  const waiting = files('test/integration')
    .filter((file) => only.length === 0 || only.some((part) => file.includes(part)))
    .toSorted((a, b) => Number(b.endsWith(LONGEST)) - Number(a.endsWith(LONGEST)))
    .map((file, index) => ({ file, index }));
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const name = `test-${path.basename(next.file, '.test.ts')}`;
      const port = FIRST_PORT + next.index * 10;
      const kubeconfig = await controlPlane(name, port);
      const env = { KUBECONFIG: kubeconfig, KUBECTL: kubectl, ETCD: etcd, HELM: program };
      try {
        outcomes.push(await nodeTest(next.file, [next.file], env, { whole: true }));
      } finally {
        await stopControlPlane(name, port);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcomes;
}

async function contract(): Promise<Outcome[]> {
  const { etcd } = await kubernetes();
  const root = await local('images.sh', ['root']);
  const env = { MULTIGRES_ETCD: etcd, MULTIGRES_ROOT_LAYERS: root };
  return [await nodeTest('contract', files('test/contract'), env, { concurrency: 1 })];
}

async function e2e(only: string[]): Promise<Outcome[]> {
  const { kubectl } = await kubernetes();
  const env = { KUBECTL: kubectl, HELM: await helm(), KIND_NAME };
  const asked = files('test/e2e').filter(
    (file) => only.length === 0 || only.some((part) => file.includes(part)),
  );
  return [await nodeTest('e2e', asked, env, { concurrency: 1 })];
}

/** Of the short run: with this one each of its faults comes once, and one of them hits the leader. */
const SEED = '1';

async function chaos(): Promise<Outcome[]> {
  const started = Date.now();
  const runtime = Object.keys(RUNTIME_OPTIONS).flatMap((name) => {
    const value = values[name as keyof typeof RUNTIME_OPTIONS];
    return value === undefined ? [] : [`--${name}`, value];
  });
  const args = ['hack/chaos.ts', '--short', '--rounds', '5', '--seed', SEED, ...runtime];
  const { promise, resolve } = Promise.withResolvers<number>();
  const env = { ...process.env, KIND_NAME };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  child.on('close', (code) => resolve(code ?? -1));
  return [{ name: 'chaos', code: await promise, seconds: (Date.now() - started) / 1000 }];
}

const TIERS: Record<string, (only: string[]) => Promise<Outcome[]>> = {
  unit: async () => [await nodeTest('unit', files('test/unit'), {})],
  integration,
  chart: async () => {
    const { kubectl } = await kubernetes();
    return [await nodeTest('chart', files('test/chart'), { HELM: await helm(), KUBECTL: kubectl })];
  },
  contract,
  e2e,
  chaos,
};

/** Tiers that share the kind cluster. */
const ON_KIND = new Set(['e2e', 'chaos']);

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { ...RUNTIME_OPTIONS, only: { type: 'string', multiple: true } },
});
for (const [name, value] of Object.entries(values)) {
  if (typeof value === 'string')
    process.env[`MULTIGRES_${name.replaceAll('-', '_').toUpperCase()}`] = value;
}
const asked = positionals.length > 0 ? positionals : Object.keys(TIERS);
const outcomes: Outcome[] = [];
for (const name of asked) {
  const tier = TIERS[name];
  if (!tier) throw new Error(`no tier called ${name}: there are ${Object.keys(TIERS).join(', ')}`);
  say(`tests: ${name}`);
  try {
    outcomes.push(...(await tier(values.only ?? [])));
  } catch (error) {
    say(`${name} could not run: ${error instanceof Error ? error.message : String(error)}`);
    outcomes.push({ name, code: -1, seconds: 0 });
  }
}
if (asked.some((name) => ON_KIND.has(name)) && !process.env['MULTIGRES_KEEP']) {
  await local('kind.sh', ['down'], { env: { KIND_NAME }, quiet: true });
}
for (const { name, code, seconds } of outcomes) {
  say(`${code === 0 ? 'ok    ' : 'FAILED'} ${seconds.toFixed(0).padStart(4)} s  ${name}`);
}
process.exitCode = outcomes.every(({ code }) => code === 0) ? 0 : 1;
