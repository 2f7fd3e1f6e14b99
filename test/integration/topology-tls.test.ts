/** Our client against a real etcd that demands certificates. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createTopoAccess } from '../../controller/topo/access.ts';
import { EtcdError } from '../../controller/topo/client.ts';
import { issueCa, issueLeaf, type KeyPair } from '../../pki/ca.ts';

const directory = mkdtempSync(join(tmpdir(), 'multigres-etcd-tls-'));
const access = createTopoAccess({ now: () => Date.now(), timeoutMs: 2000 });

let authority: KeyPair;
let client: KeyPair;
let endpoint: string;
let stop = (): Promise<void> => Promise.resolve();

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
};

const file = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

before(async () => {
  authority = await issueCa({ commonName: 'test', years: 1 });
  const leaf = (commonName: string, serverAuth: boolean): Promise<KeyPair> =>
    issueLeaf({
      ca: authority,
      commonName,
      dnsNames: ['localhost', '127.0.0.1'],
      serverAuth,
      clientAuth: true,
      days: 1,
    });
  client = await leaf('client', false);
  const server = await leaf('server', true);
  endpoint = `https://localhost:${await freePort()}`;
  const args = [
    ...['--data-dir', join(directory, 'data'), '--log-level', 'error', '--unsafe-no-fsync'],
    ...['--listen-client-urls', endpoint.replace('localhost', '127.0.0.1')],
    ...['--advertise-client-urls', endpoint, '--client-cert-auth'],
    ...['--listen-peer-urls', `http://127.0.0.1:${await freePort()}`],
    ...['--trusted-ca-file', file('ca.crt', authority.cert)],
    ...['--cert-file', file('tls.crt', server.cert), '--key-file', file('tls.key', server.key)],
  ];
  const child = spawn(process.env['ETCD'] ?? 'etcd', args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
});

after(async () => {
  access.close();
  await stop();
  rmSync(directory, { recursive: true, force: true });
});

const full = () => ({ ca: authority.cert, cert: client.cert, key: client.key });

test('https with the authority and a certificate', async () => {
  const etcd = access.client([endpoint], full());
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      assert.equal(await etcd.create('/a', Buffer.from('1')), true);
      break;
    } catch (error) {
      if (Date.now() > deadline || !(error instanceof EtcdError && error.unavailable)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  assert.equal((await etcd.get('/a'))?.value.toString(), '1');
});

test('an address without a scheme is TLS for a client with a certificate', async () => {
  const etcd = access.client([endpoint.slice('https://'.length)], full());
  assert.equal((await etcd.get('/a'))?.value.toString(), '1');
});

test('no certificate, an authority that nobody knows, or plain text: no answer', async () => {
  const { cert: _cert, key: _key, ...authorityOnly } = full();
  for (const [at, tls] of [
    [endpoint, authorityOnly],
    [endpoint, undefined],
    [endpoint.replace('https', 'http'), full()],
  ] as const) {
    await assert.rejects(access.client([at], tls).get('/a'), EtcdError);
  }
});
