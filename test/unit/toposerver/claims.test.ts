import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimOwners, withoutDoomedVolumes } from '../../../controller/toposerver/claims.ts';
import type { KubeObject, OwnerReference } from '../../../schemas/k8s.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';

const cluster: MultigresCluster = {
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'demo', namespace: 'ns', uid: 'now' },
};
const ref = (kind: string, uid: string): OwnerReference => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind,
  name: 'demo',
  uid,
  controller: false,
  blockOwnerDeletion: false,
});
const ours = ref('MultigresCluster', 'now');
const former = ref('MultigresCluster', 'before');
const foreign = ref('Other', 'x');
const claim = (ownerReferences: OwnerReference[] = [], more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-0', namespace: 'ns', ownerReferences, ...more },
});
const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' };

describe('the owners of a volume of an etcd', () => {
  const cases: [string, KubeObject, 'Retain' | 'Delete', OwnerReference[] | undefined][] = [
    ['to be deleted: the cluster is added', claim(), 'Delete', [ours]],
    ['to be deleted: others stay', claim([foreign]), 'Delete', [foreign, ours]],
    ['to be deleted, with its owner: nothing', claim([ours]), 'Delete', undefined],
    ['to be deleted, of a former cluster: nothing', claim([former]), 'Delete', undefined],
    ['to be deleted, on its way: nothing', claim([], leaving), 'Delete', undefined],
    ['to be retained, without owner: nothing', claim(), 'Retain', undefined],
    ['to be retained: the cluster is removed', claim([foreign, ours]), 'Retain', [foreign]],
    ['to be retained, of a former cluster: nothing', claim([former]), 'Retain', undefined],
  ];
  for (const [what, object, policy, expected] of cases) {
    it(what, () => assert.deepEqual(claimOwners(object, policy, cluster), expected));
  }
});

describe('a new etcd', () => {
  const set: KubeObject = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 's' } };
  const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' } };
  const kinds = (claims: KubeObject[], observed?: KubeObject) => {
    const result = withoutDoomedVolumes([service, set], claims, observed, cluster);
    const reasons = result.refused.map(({ error }) => (error as Error).message);
    return [result.children.map(({ kind }) => kind), reasons];
  };
  const waits = ['it waits until volumes of a former etcd of this name are gone: data-0'];
  it('starts on volumes that stay', () => {
    assert.deepEqual(kinds([claim(), claim([ours])]), [['Service', 'StatefulSet'], []]);
  });
  it('waits for volumes that are being deleted', () => {
    assert.deepEqual(kinds([claim([], leaving)]), [['Service'], waits]);
  });
  it('waits for volumes that go with a former cluster', () => {
    assert.deepEqual(kinds([claim([former])]), [['Service'], waits]);
  });
  it('goes on where it runs', () => {
    assert.deepEqual(kinds([claim([former])], set), [['Service', 'StatefulSet'], []]);
  });
});
