import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { externalStatus } from '../../../controller/cluster/external.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type { External, MultigresCluster } from '../../../schemas/types.ts';

const outside = (externalGateway: External | undefined, gatewaysReady = true, ips?: string[]) => {
  const cluster: MultigresCluster = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'MultigresCluster',
    metadata: { name: 'm', namespace: 'ns' },
    spec: {
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
      ...(externalGateway ? { externalGateway } : {}),
    },
  };
  const resolved = resolveCluster(cluster, { core: {}, cell: {}, shard: {} });
  assert.ok(resolved.ok);
  const gateway = { spec: { externalIPs: ips ?? externalGateway?.externalIPs } };
  return externalStatus({
    resolved: resolved.value,
    services: { gateway: gateway as unknown as KubeObject, adminWeb: undefined },
    gatewaysReady,
    adminWebReady: true,
  });
};

describe('the condition GatewayExternalReady', () => {
  const enabled = { enabled: true, externalIPs: ['192.0.2.1'] };
  const reasonOf = (...args: Parameters<typeof outside>) =>
    outside(...args).conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

  it('is false while no gateway is ready', () => {
    assert.deepEqual(reasonOf(enabled, false), ['GatewayExternalReady False NoReadyGateways']);
  });
  it('is false while there is no address', () => {
    assert.deepEqual(reasonOf({ enabled: true }), ['GatewayExternalReady False AwaitingEndpoint']);
  });
  it('is true with an address and a gateway', () => {
    assert.deepEqual(reasonOf(enabled), ['GatewayExternalReady True EndpointReady']);
    assert.deepEqual(outside(enabled).status, { gateway: { externalEndpoint: '192.0.2.1' } });
  });
  it('is gone when it is disabled', () => {
    const none = { status: {}, conditions: [] };
    assert.deepEqual(outside({ ...enabled, enabled: false }), none);
    assert.deepEqual(outside(undefined), none);
  });
});
