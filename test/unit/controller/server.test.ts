import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createMetrics } from '../../../controller/metrics.ts';
import { startServers } from '../../../controller/server.ts';

const open: Awaited<ReturnType<typeof startServers>>[] = [];
after(async () => {
  await Promise.all(open.map((servers) => servers.close()));
});

async function start(metricsAddress: string, state: { reason?: string } = {}) {
  const servers = await startServers({
    healthAddress: '127.0.0.1:0',
    metricsAddress,
    notReady: () => state.reason,
    metrics: createMetrics(),
  });
  open.push(servers);
  return servers.ports.map((port) => `http://127.0.0.1:${port}`);
}
const status = async (url: string, method = 'GET') => (await fetch(url, { method })).status;

test('alive at once, ready when there is no reason not to be', async () => {
  const state: { reason?: string } = { reason: 'still reading Pod' };
  const [health = ''] = await start('0', state);
  assert.equal(await status(`${health}/healthz`), 200);
  const answer = await fetch(`${health}/readyz`);
  assert.equal(answer.status, 503);
  assert.equal(await answer.text(), 'still reading Pod\n');
  delete state.reason;
  assert.equal(await status(`${health}/readyz`), 200);
});

test('metrics have a port of their own, share one, or are off', async () => {
  const [health = '', metrics = ''] = await start('127.0.0.1:00');
  assert.equal(await status(`${health}/metrics`), 404);
  assert.match(await (await fetch(`${metrics}/metrics`)).text(), /workqueue_depth/);
  const [shared = ''] = await start('127.0.0.1:0');
  assert.equal(await status(`${shared}/metrics`), 200);
  assert.equal(await status(`${shared}/healthz`), 200);
  assert.equal((await start('0')).length, 1);
});

test('nothing else is served', async () => {
  const [health = ''] = await start('0');
  assert.equal(await status(`${health}/`), 404);
  assert.equal(await status(`${health}/healthz`, 'POST'), 405);
  assert.equal(await status(`${health}/healthz`, 'HEAD'), 200);
  assert.equal(await status(`${health}/healthz?verbose`), 200);
});

test('an address that is none is named', async () => {
  await assert.rejects(start('nonsense'), /"nonsense" is not an address: write host:port or :port/);
});
