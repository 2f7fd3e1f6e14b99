import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issueCa, issueLeaf, needsRenewal } from '../../../pki/ca.ts';

const DAY = 24 * 3600 * 1000;
const now = Date.UTC(2026, 0, 1);

test('a leaf is signed by its CA, and its key belongs to it', async () => {
  const ca = await issueCa({ commonName: 'Multigres test CA', years: 10, now });
  const leaf = await issueLeaf({
    ca,
    commonName: 'webhook',
    dnsNames: ['webhook.ns.svc', '127.0.0.1'],
    serverAuth: true,
    clientAuth: false,
    days: 30,
    now,
  });
  const authority = new X509Certificate(ca.cert);
  const certificate = new X509Certificate(leaf.cert);
  assert.equal(authority.ca, true);
  assert.equal(certificate.ca, false);
  assert.equal(certificate.checkIssued(authority), true);
  assert.equal(certificate.verify(authority.publicKey), true);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(leaf.key)), true);
  assert.equal(certificate.checkHost('webhook.ns.svc'), 'webhook.ns.svc');
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(certificate.validToDate.getTime(), now + 30 * DAY);
});

test('a leaf does not outlive its CA and can be for servers and clients', async () => {
  const ca = await issueCa({ commonName: 'short', years: 1, now });
  const request = { ca, commonName: 'x', dnsNames: ['x'], serverAuth: true, clientAuth: true };
  const leaf = new X509Certificate((await issueLeaf({ ...request, days: 4000, now })).cert);
  assert.equal(leaf.validToDate.getTime(), now + 365 * DAY);
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
});

test('renewal is due in the last days, before the start, and for what cannot be read', async () => {
  const ca = await issueCa({ commonName: 'x', years: 1, now });
  assert.equal(needsRenewal(ca.cert, now, 30), false);
  assert.equal(needsRenewal(ca.cert, now + 334 * DAY, 30), false);
  assert.equal(needsRenewal(ca.cert, now + 335 * DAY, 30), true);
  assert.equal(needsRenewal(ca.cert, now - DAY, 30), true);
  assert.equal(needsRenewal('rubbish', now, 30), true);
});
