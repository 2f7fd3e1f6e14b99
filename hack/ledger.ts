/**
 * ledger.ts [--namespace demo] [--cluster demo-multi-az] [--clients 4] [--seconds N]: the write ledger by
 * hand, on the kind cluster that is up (KIND_NAME). Says every ten seconds how the clients fare; Ctrl-C, or
 * the end of the time, reads every acknowledged row back. A line on standard input begins a new window.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildBundles } from './build.ts';
import * as demo from './lib/demo.ts';
import { say } from './lib/run.ts';
import { kindCluster, operatorImage } from './lib/tools.ts';
import { openWorld } from './lifecycle/world.ts';
import { startLedger } from './ledger/ledger.ts';
import { lostRows } from './ledger/verify.ts';
import { tell } from './ledger/window.ts';

const { values } = parseArgs({
  options: {
    namespace: { type: 'string', default: demo.DEMO_NAMESPACE },
    cluster: { type: 'string', default: demo.DEMO_CLUSTER },
    clients: { type: 'string', default: '4' },
    seconds: { type: 'string' },
  },
});
const kubectl = await kindCluster();
await buildBundles(['webhook', 'controller', 'kubectl-multigres']);
const world = openWorld(kubectl, values.cluster, values.namespace);
const ledger = await startLedger({
  world,
  password: demo.DEMO_PASSWORD,
  image: await operatorImage(),
  clients: Number(values.clients),
});
say('writing; a line of text begins a new window of that name, Ctrl-C ends it');
const ended = new AbortController();
process.once('SIGINT', () => ended.abort());
const input = createInterface({ input: process.stdin });
input.on('line', (line) => ledger.mark(line.trim() || 'window'));
const until = values.seconds ? Date.now() + Number(values.seconds) * 1000 : Infinity;
while (!ended.signal.aborted && Date.now() < until) {
  const ms = Math.min(10_000, until - Date.now());
  await sleep(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  const last = (await ledger.windows()).at(-1);
  if (last) say(tell(last));
}
input.close();
for (const window of await ledger.windows()) console.log(tell(window));
for (const { at, pod, term, from } of (await ledger.topology()).elections)
  console.log(
    `${new Date(at).toISOString()}  term ${term}: ${pod} leads${from ? ` after ${from}` : ''}`,
  );
const checked = await ledger.verify();
const lost = lostRows(checked);
const { acknowledged, inDoubt, inDoubtThere, copies } = checked;
console.log(
  `${acknowledged} acknowledged rows read back from ${copies.length} Postgres: ${lost.length === 0 ? 'none is missing' : lost.join('; ')}. ${inDoubt} in doubt, ${inDoubtThere} of them are there.`,
);
await ledger.stop();
await world.close();
process.exitCode = lost.length === 0 ? 0 : 1;
