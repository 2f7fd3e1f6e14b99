import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFit } from '../../../controller/shard/execute/certificates.ts';
import { issueCa, issueLeaf } from '../../../pki/ca.ts';

const DAY = 24 * 3600 * 1000;
const NAMES = ['pgbackrest', '*.ns.svc', '*.ns.svc.cluster.local'];

test('a certificate stays while it is ours, for our names, and lasts', async () => {
  const now = Date.now();
  const ca = await issueCa({ commonName: 'Multigres CA', years: 10, now });
  const other = await issueCa({ commonName: 'Multigres CA', years: 10, now });
  const { cert } = await issueLeaf({
    ca,
    commonName: 'pgbackrest',
    dnsNames: NAMES,
    serverAuth: true,
    clientAuth: true,
    days: 365,
    now,
  });
  assert.equal(isFit(cert, ca.cert, NAMES, now), true);
  assert.equal(isFit(cert, ca.cert, [...NAMES, '*.other.svc'], now), false, 'a name is missing');
  assert.equal(isFit(cert, other.cert, NAMES, now), false, 'another authority of that name');
  assert.equal(isFit(cert, ca.cert, NAMES, now + 336 * DAY), false, 'less than 30 days left');
  assert.equal(isFit('nonsense', ca.cert, NAMES, now), false);
});
