/**
 * bench-admission.ts [--seconds 5] [--rounds 5] [--port 29443] [--profile FOLDER] [--straight-only]
 * [--bundle FILE] [--flags FLAGS-OF-NODE]: what an admission review costs, as JSON on standard output. The built webhook runs as a process on one core, its load
 * comes from another; both speak over loopback only, and each phase has a limit in time and number.
 * docs/performance.md says what is measured.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import type { KubeObject } from '../schemas/k8s.ts';
import { buildBundles } from './build.ts';
import type { Target } from './bench/connection.ts';
import type { Ask, Job, Result } from './bench/load.ts';
import { cores, rssMiB, spawnOn } from './bench/proc.ts';
import { reviewOf, withPatch, withSmallChange } from './bench/reviews.ts';
import { mean, round } from './bench/stats.ts';
import { startWebhook, type BenchWebhook, type Delay } from './bench/webhook.ts';
import {
  ALONE,
  EMPTY_BLOCK,
  exceptNamespace,
  manifestIn,
  NAMESPACE,
  startWorld,
  webhookCa,
  WRITTEN_BLOCK,
  type BenchWorld,
} from './bench/world.ts';
import { say } from './lib/run.ts';
import { CACHE } from './lib/tools.ts';

const CLIENTS = [1, 16, 100];
const RATE = 500;
const WARM_UP = 2000;
const ALLOWED = '"allowed":true';
/** As the API server asks: with the patience of the configurations. */
const [MUTATE, VALIDATE] = ['/mutate?timeout=10s', '/validate?timeout=10s'];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    port: { type: 'string', default: '29443' },
    profile: { type: 'string' },
    bundle: { type: 'string' },
    'straight-only': { type: 'boolean', default: false },
    flags: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
const core = cores();

type Reviews = Awaited<ReturnType<BenchWebhook['reviews']>>;
type Phase = Result & { eventLoopDelay?: Delay; asked?: Reviews };

/** Runs one job in a process of its own, on the core that the webhook does not have. */
async function load(
  webhook: BenchWebhook,
  job: Omit<Job, 'seconds' | 'requests' | 'warmUp' | 'pid'> & Partial<Job>,
): Promise<Phase> {
  await webhook.eventLoopDelay();
  const file = path.join(import.meta.dirname, 'bench/load.ts');
  const child = spawnOn(core.load, process.execPath, [file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: ((job.seconds ?? seconds) * 2 + 60) * 1000,
  });
  const whole: Job = { requests: 50_000, warmUp: WARM_UP, seconds, pid: webhook.pid, ...job };
  child.stdin?.end(JSON.stringify(whole));
  if (!child.stdout) throw new Error('the load generator has no output');
  const output = await text(child.stdout);
  if (output === '') throw new Error('the load generator failed: see its words above');
  const result = JSON.parse(output) as Result;
  if (result.wrong > 0) {
    say(`${result.wrong} wrong answers: ${result.example ?? ''}`);
    process.exitCode = 1;
  }
  return { ...result, eventLoopDelay: await webhook.eventLoopDelay() };
}

/** One request, with a look at the answer as a whole. */
async function ask(target: Target, at: string, body: string): Promise<Record<string, unknown>> {
  const { Connection, encodeRequest } = await import('./bench/connection.ts');
  const connection = await Connection.open(target);
  const { status, body: answer } = await connection.send(encodeRequest(at, body));
  connection.close();
  if (status !== 200) throw new Error(`${at} answered ${status}: ${answer}`);
  const { response } = JSON.parse(answer) as { response: Record<string, unknown> };
  if (response['allowed'] !== true) throw new Error(`refused: ${JSON.stringify(response)}`);
  return response;
}

/** Reviews straight to the webhook. */
async function straight(
  world: BenchWorld,
  webhook: BenchWebhook,
): Promise<{ reviews: object; phases: Record<string, Phase> }> {
  const target = { port: webhook.port, ca: await webhookCa(world.kubectl) };
  const uid = randomUUID();
  const create = JSON.stringify(reviewOf(uid, 'CREATE', world.bare));
  const { patch } = await ask(target, MUTATE, create);
  const defaulted: KubeObject = withPatch(world.bare, patch);
  const changed = withSmallChange(defaulted);
  const reviews = {
    mutate: [MUTATE, create],
    validate: [VALIDATE, JSON.stringify(reviewOf(uid, 'CREATE', defaulted))],
    validateUpdate: [VALIDATE, JSON.stringify(reviewOf(uid, 'UPDATE', changed, defaulted))],
  } as const;
  const phases: Record<string, Phase> = {};
  for (const [name, [at, body]] of Object.entries(reviews)) {
    await ask(target, at, body);
    const job = { target, asks: [{ path: at, body, expect: ALLOWED }] };
    for (const clients of name === 'validateUpdate' ? [16] : CLIENTS) {
      say(`${name}: ${clients} clients`);
      phases[`${name}, ${clients} clients`] = await load(webhook, { ...job, clients });
    }
    say(`${name}: ${RATE} requests per second`);
    phases[`${name}, ${RATE}/s`] = await load(webhook, { ...job, clients: 32, rate: RATE });
  }
  const sizes = Object.entries(reviews).map(([name, [, body]]) => [name, Buffer.byteLength(body)]);
  return { reviews: Object.fromEntries(sizes) as object, phases };
}

/** How a manifest meets the webhooks: as most do, or with an empty block that the mutating one fills. */
const MANIFESTS = { usual: {}, withEmptyBlock: EMPTY_BLOCK };
type Manifest = keyof typeof MANIFESTS;
/** Requests of one kind before the other kind has its turn: about as many as make the API server collect. */
const TURN = 100;

/** Creations through the API server as dry runs, with and without the webhooks, in turns. */
async function throughApiServer(world: BenchWorld, webhook: BenchWebhook): Promise<object> {
  await exceptNamespace(world);
  const ask = (namespace: string, more: object): Ask => ({
    path: `/apis/multigres.com/v1alpha1/namespaces/${namespace}/multigresclusters?dryRun=All&fieldManager=bench`,
    body: manifestIn(world, namespace, more),
    expect: '"kind":"MultigresCluster"',
  });
  // Without a webhook the empty block would be refused: the same manifest as it is stored.
  const pair = (manifest: Manifest): [Ask, Ask] => [
    ask(NAMESPACE, MANIFESTS[manifest]),
    ask(ALONE, manifest === 'usual' ? {} : WRITTEN_BLOCK),
  ];
  const target = world.apiServer;
  const measured: Record<string, { with: number[]; without: number[]; phases: Phase[] }> = {};
  const note = (name: string, with_: number, without: number, ...phases: Phase[]): void => {
    const all = (measured[name] ??= { with: [], without: [], phases: [] });
    all.with.push(with_);
    all.without.push(without);
    all.phases.push(...phases);
  };
  for (let i = 1; i <= Number(values.rounds); i++) {
    for (const manifest of Object.keys(MANIFESTS) as Manifest[]) {
      say(`through the API server, round ${i}: ${manifest}, 1 client`);
      const before = await webhook.reviews();
      const limits = { turn: TURN, requests: 12 * TURN, seconds: 4 * seconds, warmUp: 2 * TURN };
      const job = { target, clients: 1, asks: pair(manifest), ...limits };
      const phase = await load(webhook, job);
      const asked = difference(before, await webhook.reviews());
      const [with_ = 0, without = 0] = phase.meansMs;
      note(`${manifest}, 1 client`, with_, without, { ...phase, asked });
    }
    for (const clients of CLIENTS.filter((n) => n > 1)) {
      say(`through the API server, round ${i}: usual, ${clients} clients`);
      // One after the other: at the same time one side would wait for what the other side asks.
      const job = { target, clients, requests: 1000, warmUp: 200 };
      const [one, other] = pair('usual');
      const asked = await load(webhook, { ...job, asks: [one] });
      const alone = await load(webhook, { ...job, asks: [other] });
      note(`usual, ${clients} clients`, asked.meanMs, alone.meanMs, asked, alone);
    }
  }
  return Object.fromEntries(
    Object.entries(measured).map(([name, { with: with_, without, phases }]) => {
      const [meanWith, meanWithout] = [round(mean(with_)), round(mean(without))];
      const added = { addedMs: round(meanWith - meanWithout), meanWith, meanWithout };
      return [name, { ...added, rounds: { with: with_, without }, phases }];
    }),
  );
}

/** Reviews of one phase. Where no validation was among them, nothing was measured. */
function difference(before: Reviews, after: Reviews): Reviews {
  const asked = {
    mutate: after.mutate - before.mutate,
    validate: after.validate - before.validate,
  };
  if (asked.validate === 0) {
    say('the API server did not ask the validating webhook');
    process.exitCode = 1;
  }
  return asked;
}

const folder = path.join(CACHE, 'bench');
mkdirSync(folder, { recursive: true });
const bundle = values.bundle ?? (await buildBundles(['webhook']))['webhook'] ?? '';
const world = await startWorld(Number(values.port));
try {
  const webhook = await startWebhook({
    bundle,
    kubeconfig: world.kubectl.kubeconfig,
    port: Number(values.port) + 10,
    core: core.webhook,
    log: path.join(folder, 'webhook.log'),
    flags: values.flags.split(' ').filter((flag) => flag !== ''),
    ...(values.profile ? { profile: path.resolve(values.profile) } : {}),
  });
  try {
    const rssStart = await rssMiB(webhook.pid);
    const { reviews, phases } = await straight(world, webhook);
    const apiServer = values['straight-only'] ? undefined : await throughApiServer(world, webhook);
    const rssEnd = await rssMiB(webhook.pid);
    const heap = await webhook.heap();
    const machine = {
      cpu: os.cpus()[0]?.model,
      cores: os.cpus().length,
      load: os.loadavg().map(round),
      node: process.version,
      pinned: core,
    };
    const rss = { startMiB: rssStart.now, endMiB: rssEnd.now, peakMiB: rssEnd.peak, heap };
    console.log(
      JSON.stringify({ machine, reviewBytes: reviews, rss, straight: phases, apiServer }, null, 2),
    );
  } finally {
    await webhook.stop();
  }
} finally {
  await world.stop();
}
