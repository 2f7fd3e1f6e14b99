import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { bundleOf, readAuthority, type Authority } from '../../../webhook/authority.ts';
import { issueCa, type KeyPair } from '../../../pki/ca.ts';
import { withBundle } from '../../../webhook/cabundle.ts';
import { createCertificates } from '../../../webhook/tls.ts';

const DAY = 24 * 3600 * 1000;
const start = Date.UTC(2026, 0, 1);
const newAuthority = async (previousCert?: string, now = start): Promise<Authority> => ({
  current: await issueCa({ commonName: 'ca', years: 10, now }),
  ...(previousCert ? { previousCert } : {}),
});

/** Certificates over a world that the test moves by hand; `events` tells what happened in order. */
function setUp(first: Authority) {
  const state = {
    now: start,
    authority: first,
    missing: [] as string[],
    failure: undefined as Error | undefined,
    events: [] as string[],
    installed: [] as KeyPair[],
  };
  const certificates = createCertificates({
    loadAuthority: () =>
      state.failure ? Promise.reject(state.failure) : Promise.resolve(state.authority),
    publish(bundle) {
      state.events.push(`publish ${bundle.match(/BEGIN/g)?.length}`);
      return Promise.resolve(state.missing);
    },
    install(leaf) {
      state.events.push('install');
      state.installed.push(leaf);
    },
    clock: { now: () => state.now },
    sleep(ms) {
      state.events.push(`wait ${ms}`);
      return Promise.resolve();
    },
    dnsNames: ['webhook.ns.svc'],
  });
  return { state, certificates };
}

describe('the serving certificate', () => {
  test('is ready once the bundle is published, and not replaced without need', async () => {
    const { state, certificates } = setUp(await newAuthority());
    const leaf = await certificates.prepare();
    assert.ok(new X509Certificate(leaf.cert).checkHost('webhook.ns.svc'));
    assert.equal(certificates.notReady().length, 1);
    state.missing = ['ValidatingWebhookConfiguration x does not exist'];
    await certificates.tick();
    assert.deepEqual(certificates.notReady(), state.missing);
    state.missing = [];
    await certificates.tick();
    await certificates.tick();
    assert.deepEqual(certificates.notReady(), []);
    assert.deepEqual(state.events, ['publish 1', 'publish 1', 'publish 1']);
  });

  test('is renewed in its last third', async () => {
    const { state, certificates } = setUp(await newAuthority());
    await certificates.prepare();
    state.now = start + 59 * DAY;
    await certificates.tick();
    assert.equal(state.installed.length, 0);
    state.now = start + 61 * DAY;
    await certificates.tick();
    assert.deepEqual(state.events, ['publish 1', 'publish 1', 'install']);
  });

  test('of a new CA appears only after both CAs are published and seen', async () => {
    const old = await newAuthority();
    const { state, certificates } = setUp(old);
    await certificates.prepare();
    await certificates.tick();
    state.authority = await newAuthority(old.current.cert);
    state.missing = ['not there'];
    await certificates.tick();
    assert.equal(state.installed.length, 0);
    state.missing = [];
    state.events = [];
    await certificates.tick();
    assert.deepEqual(state.events, ['publish 2', 'wait 5000', 'install']);
    const issuer = new X509Certificate(state.authority.current.cert);
    assert.ok(new X509Certificate(state.installed[0]?.cert ?? '').verify(issuer.publicKey));
  });

  test('stays in use while the API server is away', async () => {
    const { state, certificates } = setUp(await newAuthority());
    await certificates.prepare();
    await certificates.tick();
    state.failure = new Error('connection refused');
    await assert.rejects(certificates.tick(), /refused/);
    assert.deepEqual(certificates.notReady(), []);
  });
});

test('the bundle drops the previous CA when that has ended', async () => {
  const old = await newAuthority(undefined, start - 9.9 * 365 * DAY);
  const authority = await newAuthority(old.current.cert);
  assert.equal(bundleOf(authority, start).match(/BEGIN/g)?.length, 2);
  assert.equal(bundleOf(authority, start + 365 * DAY).match(/BEGIN/g)?.length, 1);
});

test('a Secret that is damaged counts as none', async () => {
  const { current } = await newAuthority();
  const secret = (data: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: Object.fromEntries(
      Object.entries(data).map(([k, v]) => [k, Buffer.from(v).toString('base64')]),
    ),
  });
  assert.ok(readAuthority(secret({ 'ca.crt': current.cert, 'ca.key': current.key })));
  assert.equal(readAuthority(secret({ 'ca.crt': current.cert })), undefined);
  assert.equal(readAuthority(secret({ 'ca.crt': 'x', 'ca.key': current.key })), undefined);
});

test('a bundle is written into every webhook, and only when one differs', () => {
  const caBundle = Buffer.from('pem').toString('base64');
  const [a, b] = [
    { name: 'a', clientConfig: { url: 'u', caBundle }, rules: [1] },
    { name: 'b', clientConfig: { url: 'v' } },
  ];
  assert.equal(withBundle([a], 'pem'), undefined);
  assert.deepEqual(withBundle([a, b], 'pem'), [
    a,
    { name: 'b', clientConfig: { url: 'v', caBundle } },
  ]);
});
