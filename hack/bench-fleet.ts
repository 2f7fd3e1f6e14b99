/**
 * bench-fleet.ts [SIZE…] [--floor] [--idle-seconds 60] [--out FILE]: so many clusters created at once on a real
 * control plane with fake nodes, in which no runtime answers: seconds until all pods are ready, what it costs, what
 * idle costs, and what a restart of the controller writes. Sizes: 1 50 200. A table on standard output, JSON in FILE.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Figures, markdown } from './bench/fleet/figures.ts';
import { createAll, snapshot } from './bench/fleet/floor.ts';
import { untilReady } from './bench/fleet/watch.ts';
import * as fleet from './bench/fleet/world.ts';
import { cpuMs, rssMiB } from './bench/proc.ts';
import { buildBundles } from './build.ts';
import { type LocalOperator, startLocalOperator } from './lib/operator.ts';
import { say } from './lib/run.ts';
import { helm } from './lib/tools.ts';

const HOUR = 3_600_000;
/** So long without a write counts as quiet. */
const QUIET_MS = 10_000;
const SETTLE_MS = 120_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    floor: { type: 'boolean', default: false },
    'idle-seconds': { type: 'string', default: '60' },
    out: { type: 'string' },
  },
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [1, 50, 200];
const chartTool = await helm();
await buildBundles(['webhook', 'controller']);

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Waits until nothing is written; gives the writes since `before` and when the last was seen, ms. */
async function untilQuiet(
  operator: LocalOperator,
  before: number,
  mostMs: number,
): Promise<{ writes: number; lastMs: number }> {
  const from = Date.now();
  let [seen, lastMs] = [before, 0];
  while (Date.now() - from - lastMs < QUIET_MS && Date.now() - from < mostMs) {
    await sleep(1000);
    const now = await operator.writes();
    if (now !== seen) lastMs = Date.now() - from;
    seen = now;
  }
  return { writes: seen - before, lastMs };
}

async function idleOf(operator: LocalOperator): Promise<Figures['idle']> {
  const seconds = Number(values['idle-seconds']);
  const pid = operator.pid('controller');
  const [before, cpu] = [await operator.writes(), await cpuMs(pid)];
  await sleep(seconds * 1000);
  const used = (await cpuMs(pid)) - cpu;
  const written = (await operator.writes()) - before;
  return { cpu: round(used / seconds / 10), writes: round((written / seconds) * 60) };
}

async function withOperator(
  world: fleet.World,
  clusters: number,
): Promise<Omit<Figures, 'floor'> & { made: Awaited<ReturnType<typeof snapshot>> }> {
  const folder = path.join(fleet.FOLDER, 'operator');
  const options = { kubectl: world.kubectl, helm: chartTool, folder, port: fleet.OPERATOR_PORT };
  const operator = await startLocalOperator(options);
  try {
    await world.api.create(fleet.PASSWORD);
    const [controller, webhook] = [operator.pid('controller'), operator.pid('webhook')];
    const pids = [controller, webhook, world.apiServer];
    const cpuBefore = await Promise.all(pids.map(cpuMs));
    const before = await operator.writes();
    const fromMs = Date.now();
    const ready = untilReady(world.api, fleet.NAMESPACE, {
      count: clusters * fleet.PODS_OF_CLUSTER,
      fromMs,
      timeoutMs: HOUR,
    });
    await createAll(
      world.api,
      Array.from({ length: clusters }, (_, i) => fleet.clusterOf(fleet.clusterName(i))),
    );
    const readyMs = await ready;
    const cpuAfter = await Promise.all(pids.map(cpuMs));
    const cpu = cpuAfter.map((ms, i) => round((ms - (cpuBefore[i] ?? 0)) / 1000, 2));
    const written = (await operator.writes()) - before;
    say(`${clusters} clusters: all pods ready after ${round(readyMs / 1000)} s`);
    await untilQuiet(operator, await operator.writes(), SETTLE_MS);
    const idle = await idleOf(operator);
    const rss = {
      controller: (await rssMiB(controller)).peak,
      webhook: (await rssMiB(webhook)).peak,
    };
    await operator.restartController();
    const restart = await untilQuiet(operator, 0, SETTLE_MS);
    const made = await snapshot(world.api);
    return {
      clusters,
      ready: round(readyMs / 1000, 2),
      cpu: { controller: cpu[0] ?? 0, webhook: cpu[1] ?? 0, apiServer: cpu[2] ?? 0 },
      writes: round(written / clusters),
      objects: round(made.length / clusters),
      rss,
      idle,
      restart: { writes: restart.writes, quiet: round(restart.lastMs / 1000) },
      made,
    };
  } finally {
    await operator.stop();
  }
}

async function floorOf(
  made: Awaited<ReturnType<typeof snapshot>>,
  clusters: number,
): Promise<{ ready: number; apiServer: number }> {
  const world = await fleet.openWorld();
  try {
    await world.kubectl.run(['apply', '--server-side', '-f', 'chart/files/crds']);
    await world.kubectl.run(['wait', '--for=condition=Established', 'crd', '--all']);
    const [fromMs, cpu] = [Date.now(), await cpuMs(world.apiServer)];
    const ready = untilReady(world.api, fleet.NAMESPACE, {
      count: clusters * fleet.PODS_OF_CLUSTER,
      fromMs,
      timeoutMs: HOUR,
    });
    await createAll(world.api, made);
    const readyMs = await ready;
    const used = (await cpuMs(world.apiServer)) - cpu;
    return { ready: round(readyMs / 1000, 2), apiServer: round(used / 1000, 2) };
  } finally {
    await world.stop();
  }
}

const results: Figures[] = [];
for (const clusters of sizes) {
  const world = await fleet.openWorld();
  let measured: Awaited<ReturnType<typeof withOperator>>;
  try {
    measured = await withOperator(world, clusters);
  } finally {
    await world.stop();
  }
  const { made, ...figures } = measured;
  const floor = values.floor ? await floorOf(made, clusters) : undefined;
  results.push({
    ...figures,
    ...(floor && { floor: floor.ready }),
    cpu: { ...figures.cpu, ...(floor && { apiServerFloor: floor.apiServer }) },
  });
}
console.log(markdown(results));
if (values.out) await writeFile(values.out, JSON.stringify(results, null, 2));
