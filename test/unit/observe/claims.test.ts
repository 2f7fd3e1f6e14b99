import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAsWanted } from '../../../controller/apply/claims.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const owner = (uid: string) => ({ apiVersion: 'v1', kind: 'Shard', name: 's', uid });
const claim = (metadata: object = {}, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-0', labels: { a: '1' }, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const size = (storage: string) => ({ resources: { requests: { storage } } });
const stored = claim(
  { labels: { a: '1', b: '2' }, annotations: { bound: 'yes' } },
  { storageClassName: 'x' },
);

const cases: [string, KubeObject, KubeObject, boolean][] = [
  ['what the API server and the scheduler added', claim(), stored, true],
  ['the class that was given, repeated', claim({}, { storageClassName: 'x' }), stored, true],
  ['the same size in other words', claim({}, size('1024Mi')), stored, true],
  ['another label', claim({ labels: { a: '2' } }), stored, false],
  ['another annotation', claim({ annotations: { note: 'x' } }), stored, false],
  ['more storage', claim({}, size('2Gi')), stored, false],
  ['an owner', claim({ ownerReferences: [owner('u')] }), stored, false],
  ['no owner any more', claim(), claim({ ownerReferences: [owner('u')] }), false],
  [
    'the owner that it has',
    claim({ ownerReferences: [owner('u')] }),
    claim({ ownerReferences: [owner('u')] }),
    true,
  ],
];
for (const [name, wanted, observed, expected] of cases) {
  test(`a claim is ${expected ? 'left alone' : 'written'}: ${name}`, () => {
    assert.equal(isAsWanted(wanted, observed), expected);
  });
}
