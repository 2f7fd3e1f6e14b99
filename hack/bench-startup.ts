/**
 * bench-startup.ts [--rounds 5] [--runtime …] [--image-… NAME]: seconds from `kubectl apply` to each step of
 * a cluster's start, images loaded, and the operator's writes in --idle-minutes (10) of health, as JSON on
 * standard output. One cluster after the other on one kind cluster; each round begins with an empty
 * namespace.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { KubeObject, Pod } from '../schemas/k8s.ts';
import type { Shard } from '../schemas/types.ts';
import { writesBetween, writesIn } from '../test/support/api-writes.ts';
import { buildBundles } from './build.ts';
import * as demo from './lib/demo.ts';
import { prepareRuntime, RUNTIME_OPTIONS } from './lib/runtime.ts';
import { ROOT, say, until } from './lib/run.ts';
import { helm, type Kubectl, kindCluster, operatorImage } from './lib/tools.ts';

const NS = demo.DEMO_NAMESPACE;
const MINUTE = 60_000;

/** Steps in their order; each is dated when a look every 100 ms first sees it. */
const STEPS = [
  'podsCreated',
  'etcdReady',
  'topologyWritten',
  'firstPoolerReady',
  'firstBackup',
  'primary',
  'healthy',
] as const;
type Step = (typeof STEPS)[number];
type Round = Partial<Record<Step | 'firstWrite', number>>;

interface Event extends KubeObject {
  reason?: string;
}
interface World {
  pods: Pod[];
  events: Event[];
  shards: Shard[];
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false;

const component = (pod: Pod): string | undefined =>
  pod.metadata.labels?.['app.kubernetes.io/component'];

const condition = (shard: Shard, type: string): boolean =>
  (shard.status?.conditions ?? []).some((one) => one.type === type && one.status === 'True');

/** Which steps the world shows as done. */
function reached({ pods, events, shards }: World): Record<Step, boolean> {
  const poolers = pods.filter((pod) => component(pod) === 'shard-pool');
  const etcds = pods.filter((pod) => component(pod) === 'toposerver');
  const [shard] = shards;
  return {
    podsCreated: poolers.length >= 3,
    etcdReady: etcds.filter(isReady).length >= 2,
    topologyWritten: events.some(({ reason }) => reason === 'TopoRegistered'),
    firstPoolerReady: poolers.some(isReady),
    firstBackup:
      /restored/.test(shard?.status?.message ?? '') || (!!shard && condition(shard, 'Available')),
    primary: !!shard && condition(shard, 'Available'),
    healthy: shard?.status?.phase === 'Healthy',
  };
}

/** The API through `kubectl proxy`: cheaper than a kubectl for each look. */
async function withProxy<T>(kubectl: Kubectl, work: (base: string) => Promise<T>): Promise<T> {
  const proxy = spawn(kubectl.program, ['--kubeconfig', kubectl.kubeconfig, 'proxy', '--port=0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let out = '';
    proxy.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    const base = await until('kubectl proxy', 10_000, () => {
      const address = /127\.0\.0\.1:\d+/.exec(out)?.[0];
      return address && `http://${address}`;
    });
    return await work(base);
  } finally {
    proxy.kill();
  }
}

async function look(base: string): Promise<World> {
  const items = async <T>(resource: string): Promise<T[]> => {
    const answer = await fetch(`${base}${resource}`, { signal: AbortSignal.timeout(10_000) });
    return ((await answer.json()) as { items: T[] }).items;
  };
  const [pods, events, shards] = await Promise.all([
    items<Pod>(`/api/v1/namespaces/${NS}/pods`),
    items<Event>(`/api/v1/namespaces/${NS}/events`),
    items<Shard>(`/apis/multigres.com/v1alpha1/namespaces/${NS}/shards`),
  ]);
  return { pods, events, shards };
}

async function round(kubectl: Kubectl, base: string, manifest: string): Promise<Round> {
  const seen: Round = {};
  const started = Date.now();
  await kubectl.run(['apply', '-n', NS, '-f', '-'], manifest);
  const writing = demo.firstWrite(kubectl, demo.writeTarget(demo.DEMO_PASSWORD), 5 * MINUTE);
  writing.catch(() => undefined);
  await until(
    'the cluster to be Healthy',
    5 * MINUTE,
    async () => {
      const now = reached(await look(base));
      for (const step of STEPS) {
        if (now[step]) seen[step] ??= (Date.now() - started) / 1000;
      }
      return now.healthy ? true : undefined;
    },
    100,
  );
  seen.firstWrite = ((await writing) - started) / 1000;
  return seen;
}

async function clean(kubectl: Kubectl): Promise<void> {
  await kubectl.run(['-n', NS, 'delete', 'mgc', '--all', '--timeout=240s']);
  await until('an empty namespace', 4 * MINUTE, async () => {
    const left = await kubectl.run([
      '-n',
      NS,
      'get',
      'pods,pvc',
      '-l',
      'app.kubernetes.io/part-of=multigres',
      '-o',
      'name',
    ]);
    return left === '' ? true : undefined;
  });
  await kubectl.run(['-n', NS, 'delete', 'events', '--all']);
}

const { values } = parseArgs({
  options: {
    ...RUNTIME_OPTIONS,
    rounds: { type: 'string', default: '5' },
    'idle-minutes': { type: 'string', default: '10' },
  },
});
const kubectl = await kindCluster();
await buildBundles();
const image = await operatorImage();
const images = await prepareRuntime(values);
await demo.installOperator(await helm(), kubectl, image, images);
await demo.prepareNamespace(kubectl, images);
const text = async (file: string): Promise<string> =>
  await readFile(path.join(ROOT, 'examples', file), 'utf8');
await kubectl.run(['apply', '-n', NS, '-f', '-'], await text('eks-smallest.yaml'));
const manifest = await text('demo-multi-az.yaml');

const rounds: Round[] = [];
await withProxy(kubectl, async (base) => {
  for (let i = 0; i < Number(values.rounds); i++) {
    await clean(kubectl);
    const one = await round(kubectl, base, manifest);
    say(`round ${i + 1}: ${JSON.stringify(one)}`);
    rounds.push(one);
  }
});
/** Only the controller applies, and only it writes to our own kinds. */
const writes = async (): Promise<Map<string, number>> =>
  writesIn(
    await kubectl.run(['get', '--raw', '/metrics']),
    ({ verb, group }) => verb === 'APPLY' || group === 'multigres.com',
  );
const minutes = Number(values['idle-minutes']);
say(`${minutes} idle minutes`);
await sleep(30_000); // the last round's own writes
const settled = await writes();
await sleep(minutes * MINUTE);
const idleWrites = writesBetween(settled, await writes());

const median = (step: Step | 'firstWrite'): number | undefined => {
  const sorted = rounds.map((one) => one[step] ?? Infinity).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
const steps = [...STEPS, 'firstWrite'] as const;
console.log(
  JSON.stringify(
    {
      unit: 'seconds since kubectl apply',
      runtime: images.kind === 'emulator' ? `EMULATOR: ${images.description}` : images.description,
      median: Object.fromEntries(steps.map((step) => [step, median(step)])),
      rounds,
      idle: { minutes, writes: idleWrites },
    },
    null,
    2,
  ),
);
