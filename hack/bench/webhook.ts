/** The built webhook as a process on a core of its own. */
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { end, ROOT, until } from '../lib/run.ts';
import { spawnOn } from './proc.ts';
import { round } from './stats.ts';
import { CONFIGURATION, OPERATOR } from './world.ts';

/** 65 % of the limit of 256 MiB, as the chart's NODE_OPTIONS say. */
const HEAP = '--max-old-space-size=166';
const DEPLOYMENT = path.join(ROOT, 'chart/templates/webhook/deployment.yaml');

/** The flags of Node that the chart gives the webhook: the arguments before the program. */
function flagsOfChart(): string[] {
  const [before = '', program] = readFileSync(DEPLOYMENT, 'utf8').split('- /app/webhook.mjs');
  const flags = [...before.matchAll(/^ +- (--[\w-]+(?:=\d+)?)$/gm)].map(([, flag = '']) => flag);
  if (program === undefined || flags.length === 0) throw new Error(`no flags in ${DEPLOYMENT}`);
  return flags;
}

const ENV = { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' };
/** prom-client looks at the event loop this often; the delay it tells holds this interval too. */
const PRECISION_MS = 10;

export interface BenchWebhook {
  pid: number;
  port: number;
  /** How late timers came since the last call, in milliseconds. */
  eventLoopDelay(): Promise<Delay>;
  /** Reviews answered so far. */
  reviews(): Promise<{ mutate: number; validate: number }>;
  /** What V8 holds, in MiB: the heap, what of it is in use, and what it knows outside of it. */
  heap(): Promise<{ totalMiB: number; usedMiB: number; externalMiB: number }>;
  stop(): Promise<void>;
}

export interface Delay {
  meanMs: number;
  p99Ms: number;
  maxMs: number;
}

export interface WebhookOptions {
  bundle: string;
  kubeconfig: string;
  /** Port of the reviews; health and metrics are at the next one. */
  port: number;
  core: number | undefined;
  log: string;
  /** More flags for Node. */
  flags: readonly string[];
  /** Folder for a CPU profile, written when the process ends. */
  profile?: string;
}

export async function startWebhook(options: WebhookOptions): Promise<BenchWebhook> {
  const { bundle, kubeconfig, port, core, log, flags, profile } = options;
  const health = `127.0.0.1:${port + 1}`;
  const child = spawnOn(
    core,
    process.execPath,
    [
      HEAP,
      ...flagsOfChart(),
      ...flags,
      ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []),
      bundle,
      `--namespace=${OPERATOR}`,
      '--host=127.0.0.1',
      `--port=${port}`,
      `--health-address=${health}`,
      `--publish-url=https://127.0.0.1:${port}`,
      `--configuration-name=${CONFIGURATION}`,
      '--drain-seconds=0',
      // it must not bring back the configurations that the bench takes away
      '--check-seconds=3600',
    ],
    { env: { KUBECONFIG: kubeconfig, ...ENV }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const file = createWriteStream(log);
  child.stdout?.pipe(file, { end: false });
  child.stderr?.pipe(file, { end: false });
  const stop = (): Promise<void> => end(child);
  try {
    await ready(child, health, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    port,
    eventLoopDelay: async () => {
      const read = await metrics(health);
      const ms = (name: string): number =>
        round(Math.max(0, read(`nodejs_eventloop_lag_${name}_seconds`) * 1000 - PRECISION_MS));
      return { meanMs: ms('mean'), p99Ms: ms('p99'), maxMs: ms('max') };
    },
    reviews: async () => {
      const read = await metrics(health);
      const of = (step: string): number =>
        read(`multigres_operator_webhook_request_duration_seconds_count{step="${step}",`);
      return { mutate: of('mutate'), validate: of('validate') };
    },
    heap: async () => {
      const read = await metrics(health);
      const mib = (name: string): number => Math.round(read(name) / 104_857.6) / 10;
      return {
        totalMiB: mib('nodejs_heap_size_total_bytes'),
        usedMiB: mib('nodejs_heap_size_used_bytes'),
        externalMiB: mib('nodejs_external_memory_bytes'),
      };
    },
    stop,
  };
}

async function ready(child: ChildProcess, health: string, log: string): Promise<void> {
  await until(
    `the webhook to be ready (log: ${log})`,
    60_000,
    async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return (await fetch(`http://${health}/readyz`)).ok ? true : undefined;
    },
    100,
  );
}

/** Reads the metrics page; gives the sum of all series that begin so. */
async function metrics(health: string): Promise<(start: string) => number> {
  const page = await (await fetch(`http://${health}/metrics`)).text();
  return (start) => {
    const values = page.split('\n').flatMap((line) => {
      const complete = start.endsWith(',') || line.startsWith(`${start} `);
      return complete && line.startsWith(start) ? [Number(line.split(' ').at(-1))] : [];
    });
    return values.reduce((sum, value) => sum + value, 0);
  };
}
