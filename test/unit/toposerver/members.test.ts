import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeError } from '../../../kube/errors.ts';
import { withoutShrinking } from '../../../controller/toposerver/claims.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const object = (kind: string, name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'ns' },
  spec,
});
const etcd = (replicas: number): KubeObject => object('StatefulSet', 'm-global-topo', { replicas });
const claims = (count: number): KubeObject[] =>
  Array.from({ length: count }, (_, i) =>
    object('PersistentVolumeClaim', `data-m-global-topo-${i}`),
  );
const service = object('Service', 'm-global-topo');

describe('an etcd with fewer members than volumes', () => {
  it('is refused, also after a time with a topology server of others; the rest is applied', () => {
    for (const observed of [etcd(3), undefined]) {
      const { children, refused } = withoutShrinking([service, etcd(1)], claims(3), observed);
      assert.deepEqual(children, [service]);
      const [error] = refused.map((one) => one.error);
      assert.ok(error instanceof KubeError && error.class === 'denied');
      assert.match(error.message, /^3 volumes of this etcd exist, .* keep 3 replicas/);
    }
  });

  it('goes on as it runs: a volume too many is no reason to leave it alone', () => {
    assert.deepEqual(withoutShrinking([etcd(3)], claims(5), etcd(3)).refused, []);
  });

  it('is none while its volumes are going away, nor before it has any', () => {
    const going = claims(3).map(({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    }));
    assert.deepEqual(withoutShrinking([etcd(1)], going, undefined).refused, []);
    assert.deepEqual(withoutShrinking([etcd(3)], [], undefined).children, [etcd(3)]);
    assert.deepEqual(withoutShrinking([etcd(3)], claims(3), etcd(3)).refused, []);
  });
});
