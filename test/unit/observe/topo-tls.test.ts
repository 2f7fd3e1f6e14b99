import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topoMaterial } from '../../../controller/observe/credentials.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secrets: Record<string, Record<string, string>> = {
  ca: { 'ca.crt': base64('CA') },
  client: { 'tls.crt': base64('CERT'), 'tls.key': base64('KEY') },
  half: { 'tls.crt': base64('CERT') },
};
let reads = 0;
const kube = {
  get: (ref: { name: string }) => {
    reads += 1;
    const data = secrets[ref.name];
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: ref.name }, data };
    return Promise.resolve(data && (secret as unknown as KubeObject));
  },
};
const at = (nowMs: number, more: { caSecret?: string; clientCertSecret?: string }) => ({
  namespace: 'ns',
  ref: { address: 'https://e:2379', rootPath: '/r', implementation: 'etcd', ...more },
  nowMs,
});

test('a reference without Secrets costs no call', async () => {
  reads = 0;
  assert.deepEqual(await topoMaterial(kube, at(0, {}), {}), { ok: true });
  assert.equal(reads, 0);
});

test('certificates are read once and again after five minutes', async () => {
  reads = 0;
  const memory = {};
  const ref = { caSecret: 'ca', clientCertSecret: 'client' };
  const tls = { ca: 'CA', cert: 'CERT', key: 'KEY' };
  assert.deepEqual(await topoMaterial(kube, at(0, ref), memory), { ok: true, tls });
  assert.deepEqual(await topoMaterial(kube, at(299_000, ref), memory), { ok: true, tls });
  assert.equal(reads, 2);
  await topoMaterial(kube, at(300_000, ref), memory);
  assert.equal(reads, 4);
});

test('what is missing is named, and looked for in every pass', async () => {
  const memory = {};
  assert.deepEqual(await topoMaterial(kube, at(0, { caSecret: 'none' }), memory), {
    ok: false,
    problem: 'Secret "none" does not exist in namespace ns: create it with "ca.crt"',
  });
  assert.deepEqual(await topoMaterial(kube, at(1, { clientCertSecret: 'half' }), memory), {
    ok: false,
    problem: 'Secret "half" needs "tls.crt" and "tls.key": add what is missing',
  });
  assert.deepEqual(memory, {});
});
