import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Target } from '../../../controller/rpc/dial.ts';
import { HealthStream } from '../../../controller/rpc/health-stream.ts';
import { systemClock } from '../../../kube/clock.ts';
import { issueCa, issueLeaf, type KeyPair } from '../../../pki/ca.ts';
import { eventually } from '../../support/kube-api.ts';
import type { PoolerServer } from '../../support/pooler.ts';
import { startPooler } from '../../support/pooler.ts';

const folder = mkdtempSync(join(tmpdir(), 'multigres-health-tls-'));
let authority: KeyPair;
let client: KeyPair;
let server: PoolerServer;
const opened: HealthStream[] = [];

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

before(async () => {
  authority = await issueCa({ commonName: 'test', years: 1 });
  const leaf = (commonName: string, serverAuth: boolean): Promise<KeyPair> =>
    issueLeaf({
      ca: authority,
      commonName,
      dnsNames: [commonName],
      serverAuth,
      clientAuth: true,
      days: 1,
    });
  client = await leaf('operator', false);
  const { cert, key } = await leaf('multipooler.test', true);
  server = await startPooler(
    { status: { postgres_ready: true } },
    {
      tls: {
        cert: file('tls.crt', cert),
        key: file('tls.key', key),
        ca: file('ca.crt', authority.cert),
      },
    },
  );
});
afterEach(() => {
  for (const stream of opened.splice(0)) stream.close();
});
after(() => {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
});

const material = () => ({
  ca: authority.cert,
  cert: client.cert,
  key: client.key,
  serverName: 'multipooler.test',
});

const open = (target: Target): HealthStream => {
  const stream = new HealthStream({
    target,
    timing: { intervalMs: 5_000, stalenessMs: 15_000 },
    clock: systemClock,
    random: () => 0,
    onSnapshot: () => {},
    onState: () => {},
  });
  opened.push(stream);
  return stream;
};

test('a stream shows its certificate, and expects the name that all poolers share', async () => {
  const stream = open({ address: server.address, tls: material() });
  assert.equal(await stream.attempt(10_000), true, stream.broken?.reason);
  assert.equal((await stream.poll(10_000)).status.status?.postgres_ready, true);
});

test('without a certificate, or with another name, there is no stream, and it says why', async () => {
  const { ca, serverName, ...pair } = material();
  for (const tls of [
    { ca, serverName },
    { ca, ...pair, serverName: 'multiorch.test' },
  ]) {
    const stream = open({ address: server.address, tls });
    assert.equal(await stream.attempt(10_000), false);
    assert.notEqual(stream.broken?.reason, 'it was not reached yet');
  }
});

test('renewed credentials count from the next connection on', async () => {
  const stream = open({ address: server.address });
  assert.equal(await stream.attempt(10_000), false, 'plain text to a server with TLS');
  stream.retarget({ address: server.address, tls: material() });
  await eventually('the stream', () => stream.attempt(10_000));
  const { opened: before } = server;
  stream.retarget({ address: server.address, tls: { ...material() } });
  assert.equal(stream.broken, undefined, 'a stream that is open stays so');
  assert.equal(server.opened, before);
});
