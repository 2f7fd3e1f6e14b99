/**
 * chaos.ts [--rounds 20 | --minutes N] [--seed N] [--short] [--only TEXT] [--out FILE] [--runtime …]
 * [--image-… NAME]: hurts a running cluster at random, the same way for the same seed, while clients write.
 * After each fault: the cluster is whole and its status true, every acknowledged row is in every Postgres,
 * and nobody elected a leader while a healthy one led. --short: only faults that pass quickly, as in
 * `npm test`.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildBundles } from './build.ts';
import * as demo from './lib/demo.ts';
import { workerNodes } from './lib/nodes.ts';
import { prepareRuntime, RUNTIME_OPTIONS } from './lib/runtime.ts';
import { say } from './lib/run.ts';
import { helm, kindCluster, operatorImage } from './lib/tools.ts';
import { startLedger } from './ledger/ledger.ts';
import { lostRows } from './ledger/verify.ts';
import { tell } from './ledger/window.ts';
import { leaderOf, untilWhole } from './lifecycle/truth.ts';
import { openWorld } from './lifecycle/world.ts';
import type { Done, Fault } from './chaos/fault.ts';
import { FAULTS } from './chaos/faults.ts';
import { markdown, passed, type RoundResult, unjustified } from './chaos/judge.ts';
import { reconnect } from './chaos/nodes.ts';
import { seeded } from './chaos/random.ts';

const MINUTE = 60_000;
/** Until the cluster is whole again after a fault; a container that crashed often waits up to 5 min. */
const WHOLE_MS = 10 * MINUTE;
/** Of writes without a mishap before a round begins. */
const CALM_MS = 3_000;

const { values } = parseArgs({
  options: {
    ...RUNTIME_OPTIONS,
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    short: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    out: { type: 'string' },
  },
});
const { only = [] } = values;
const chosen = FAULTS.filter(({ short = false }) => short || !values.short).filter(
  ({ name }) => only.length === 0 || only.some((part) => name.includes(part)),
);
if (chosen.length === 0) {
  throw new Error(
    `--only ${only.join(' --only ')} names none of: ${FAULTS.map(({ name }) => name).join('; ')}`,
  );
}
const rounds = Number(values.rounds ?? (values.minutes ? Infinity : 20));
const until = values.minutes ? Date.now() + Number(values.minutes) * MINUTE : Infinity;

const kubectl = await kindCluster();
await buildBundles();
const image = await operatorImage();
const images = await prepareRuntime(values);
await demo.installOperator(await helm(), kubectl, image, images);
await demo.prepareNamespace(kubectl, images);
const world = openWorld(kubectl);
// what a run that was ended left behind
for (const node of await workerNodes(kubectl)) await reconnect(node);
await demo.applyDemo(kubectl);
await untilWhole(world, WHOLE_MS);
const ledger = await startLedger({ world, password: demo.DEMO_PASSWORD, image });
const random = seeded(Number(values.seed));
/** Each fault once before any comes again, in an order of the seed. */
let waiting: Fault[] = [];
const nextFault = (): Fault => {
  if (waiting.length === 0) waiting = [...chosen];
  const fault = random.pick(waiting);
  waiting = waiting.filter((one) => one !== fault);
  return fault;
};

async function play(fault: Fault, round: number): Promise<RoundResult> {
  const before = await untilWhole(world, WHOLE_MS);
  await ledger.untilCalm(CALM_MS, 3 * MINUTE);
  const leader = leaderOf(before);
  const from = Date.now();
  let done: Done = { detail: 'nothing was done', elections: 0 };
  let broken = '';
  try {
    done = await fault.run({ world, ledger, images, random, before, leader });
    await untilWhole(world, WHOLE_MS);
    await ledger.untilWriting(2 * MINUTE);
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error);
  }
  const to = Date.now();
  const window = await ledger.between(`round ${round}, ${fault.name}`, from, to);
  const { elections: all } = await ledger.topology();
  const elections = all.filter(({ at }) => at >= from);
  const lost = await ledger.verify().then(lostRows, (error: Error) => {
    broken ||= error.message;
    return [];
  });
  const { detail } = done;
  return {
    ...{ round, fault: fault.name, detail, window, wholeMs: to - from, elections, broken },
    unjustified: unjustified(elections, done.elections),
    lostRows: lost,
  };
}

const results: RoundResult[] = [];
for (let round = 1; round <= rounds && Date.now() < until; round++) {
  const result = await play(nextFault(), round);
  results.push(result);
  say(`${passed(result) ? 'ok' : 'FAILED'}  ${tell(result.window)} (${result.detail})`);
  for (const { at, pod, term } of result.unjustified)
    say(`  election for no reason: term ${term}, ${pod} at ${new Date(at).toISOString()}`);
  for (const text of result.lostRows) say(`  ${text}`);
  if (result.broken === '') continue;
  say(`  ${result.broken}`);
  break;
}
await ledger.stop();
await world.close();
const runtime = images.kind === 'emulator' ? `EMULATOR: ${images.description}` : images.description;
console.log(`Runtime: ${runtime}\nSeed: ${values.seed}\n\n${markdown(results)}`);
if (values.out) {
  const facts = { runtime, seed: values.seed, date: new Date().toISOString(), rounds: results };
  await writeFile(values.out, `${JSON.stringify(facts, null, 2)}\n`);
}
const failed = results.filter((result) => !passed(result));
say(`${results.length} faults, ${failed.length} of them with a finding`);
process.exitCode = failed.length === 0 ? 0 : 1;
