/** Certificates of pgBackRest on a real API server, through years. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Deps } from '../../controller/deps.ts';
import type { KubeApi } from '../../kube/api.ts';
import { Store } from '../../kube/store.ts';
import { ensureCertificates } from '../../controller/shard/execute/certificates.ts';
import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { Shard } from '../../schemas/types.ts';
import { connect, installCrds } from '../support/cluster.ts';
import { makeNamespace } from '../support/kube-api.ts';
import { stateOf } from '../support/shard-world.ts';

const DAY = 24 * 3600 * 1000;
let api: KubeApi;
let close: () => Promise<void>;
let remove: () => Promise<void>;
let shard: Shard;
let nowMs = Date.now();
let events: string[] = [];

before(async () => {
  ({ api, close } = connect());
  installCrds();
  const namespace = await makeNamespace(api, 'certs');
  remove = namespace.remove;
  const { shard: sample } = stateOf({ members: ['a', 'b'] });
  shard = (await api.create({
    ...sample,
    metadata: { name: 's', namespace: namespace.name, labels: { 'multigres.com/cluster': 'm' } },
  })) as Shard;
});
after(async () => {
  await remove();
  await close();
});

/** The parts that certificates need; the copy of Secrets is as cold as after a start. */
const deps = (): Deps =>
  ({
    kube: api,
    listers: { Secret: new Store({ now: () => nowMs }) },
    clock: { now: () => nowMs },
    events: { event: (_: KubeObject, __: string, reason: string) => void events.push(reason) },
    options: { clusterDomain: 'cluster.local' },
  }) as unknown as Deps;

const secret = async (name: string): Promise<Record<string, string>> => {
  const namespace = shard.metadata.namespace ?? '';
  const found = await api.get({ kind: KINDS.Secret, namespace, name });
  const entries = Object.entries(found?.data ?? {});
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
};
const leaf = async () => {
  const data = await secret('s-pgbackrest-tls');
  return { data, cert: new X509Certificate(data['tls.crt'] ?? '') };
};
const authority = async () =>
  new X509Certificate((await secret('s-pgbackrest-ca'))['ca.crt'] ?? '');

describe('certificates of pgBackRest', { concurrency: false }, () => {
  it('are made once: P-256, CN pgbackrest, every Service of the namespace', async () => {
    assert.equal(await ensureCertificates(deps(), shard), true);
    const { cert, data } = await leaf();
    assert.match(cert.subject, /CN=pgbackrest/);
    assert.equal(cert.checkHost(`pod-0.${shard.metadata.namespace ?? ''}.svc`) !== undefined, true);
    assert.equal(cert.checkPrivateKey(createPrivateKey(data['tls.key'] ?? '')), true);
    assert.equal(cert.verify((await authority()).publicKey), true);
    assert.equal(await ensureCertificates(deps(), shard), false);
    assert.equal((await leaf()).cert.fingerprint256, cert.fingerprint256);
    assert.deepEqual(events, ['Generated']);
  });

  it('are renewed thirty days before their end, by the same authority', async () => {
    const before = (await leaf()).cert.fingerprint256;
    const trusted = (await authority()).fingerprint256;
    events = [];
    nowMs += 336 * DAY;
    assert.equal(await ensureCertificates(deps(), shard), true);
    assert.notEqual((await leaf()).cert.fingerprint256, before);
    assert.equal((await authority()).fingerprint256, trusted);
    assert.deepEqual(events, ['Rotated']);
  });

  it('change with their authority, and the old one stays trusted beside the new', async () => {
    const old = (await secret('s-pgbackrest-ca'))['ca.crt'] ?? '';
    nowMs += 9.2 * 365 * DAY;
    assert.equal(await ensureCertificates(deps(), shard), true);
    const bundle = (await secret('s-pgbackrest-ca'))['ca.crt'] ?? '';
    assert.ok(bundle.endsWith(old));
    assert.notEqual(bundle, old);
    assert.equal((await leaf()).cert.verify((await authority()).publicKey), true);
    assert.equal(await ensureCertificates(deps(), shard), false);
  });
});
