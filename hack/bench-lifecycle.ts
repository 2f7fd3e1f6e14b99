/**
 * bench-lifecycle.ts [--rounds 10] [--only TEXT] [--naive] [--out FILE] [--runtime …] [--image-… NAME]: what
 * clients meet while a cluster of three pods is changed, drained and hurt. Four clients write through the
 * gateway, each with 50 ms between two rows. A Markdown table on standard output, JSON in FILE.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildBundles } from './build.ts';
import * as demo from './lib/demo.ts';
import { prepareRuntime, RUNTIME_OPTIONS } from './lib/runtime.ts';
import { say } from './lib/run.ts';
import { helm, kindCluster, operatorImage } from './lib/tools.ts';
import { startLedger } from './ledger/ledger.ts';
import { lostRows } from './ledger/verify.ts';
import { tell } from './ledger/window.ts';
import { untilWhole } from './lifecycle/truth.ts';
import { openWorld } from './lifecycle/world.ts';
import { type Bench, type Operation, OPERATIONS } from './bench/lifecycle/operations.ts';
import { figures, type Figures, markdown, type Round } from './bench/lifecycle/table.ts';

const MINUTE = 60_000;
/** Of writes without a mishap before a round begins. */
const CALM_MS = 5_000;

const { values } = parseArgs({
  options: {
    ...RUNTIME_OPTIONS,
    rounds: { type: 'string', default: '10' },
    only: { type: 'string', multiple: true },
    naive: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const { only = [] } = values;
const chosen = OPERATIONS.filter(({ name, naive = false }) =>
  only.length > 0 ? only.some((part) => name.includes(part)) : values.naive || !naive,
);
if (chosen.length === 0) {
  throw new Error(
    `--only ${only.join(' --only ')} names none of: ${OPERATIONS.map(({ name }) => name).join('; ')}`,
  );
}

const kubectl = await kindCluster();
await buildBundles();
const image = await operatorImage();
const images = await prepareRuntime(values);
await demo.installOperator(await helm(), kubectl, image, images);
await demo.prepareNamespace(kubectl, images);
const world = openWorld(kubectl);
await demo.applyDemo(kubectl);
await untilWhole(world, 10 * MINUTE);
const ledger = await startLedger({ world, password: demo.DEMO_PASSWORD, image });
const bench: Bench = { world, ledger, images };

async function once(operation: Operation, number: number): Promise<Round> {
  await operation.prepare?.(bench);
  const before = await untilWhole(world, 5 * MINUTE);
  await ledger.untilCalm(CALM_MS, 3 * MINUTE);
  const from = Date.now();
  await operation.act(bench, before, number);
  await untilWhole(world, 10 * MINUTE);
  const whole = Date.now();
  await ledger.untilWriting(2 * MINUTE);
  const window = await ledger.between(`${operation.name}, round ${number}`, from, Date.now());
  say(`${tell(window)}, whole after ${((whole - from) / 1000).toFixed(1)} s`);
  return { totalMs: whole - from, window };
}

const results: (Figures & { each: Round[] })[] = [];
for (const operation of chosen) {
  const rounds: Round[] = [];
  for (let i = 1; i <= Number(values.rounds); i++) rounds.push(await once(operation, i));
  const lost = lostRows(await ledger.verify());
  for (const text of lost) say(text);
  results.push({ ...figures(operation, rounds, lost.length), each: rounds });
}
await ledger.stop();
await world.close();
const runtime = images.kind === 'emulator' ? `EMULATOR: ${images.description}` : images.description;
console.log(`Runtime: ${runtime}\n\n${markdown(results)}`);
if (values.out) {
  const facts = { runtime, date: new Date().toISOString(), operations: results };
  await writeFile(values.out, `${JSON.stringify(facts, null, 2)}\n`);
}
process.exitCode = results.every(({ lostRows: lost }) => lost === 0) ? 0 : 1;
