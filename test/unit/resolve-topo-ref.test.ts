import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellRecord } from '../../controller/cluster/topology.ts';
import { topoTls } from '../../controller/builders/tls.ts';
import { guard } from '../../controller/guard.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { ExternalTopo, MultigresCluster, MultigresClusterSpec } from '../../schemas/types.ts';

const endpoints = ['https://e:2379'];
const cellWith = (name: string, external: Partial<ExternalTopo>) => ({
  name,
  zoneId: name,
  spec: { localTopoServer: { external: { endpoints, ...external } } },
});
const cluster = (spec: Partial<MultigresClusterSpec>): MultigresCluster => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns' },
  spec: { postgresPasswordSecretRef: { name: 'pw', key: 'password' }, ...spec },
});
const resolved = (spec: Partial<MultigresClusterSpec>): ResolvedCluster => {
  const result = resolveCluster(cluster(spec), { core: {}, cell: {}, shard: {} });
  assert.ok(result.ok);
  return result.value;
};

describe('the reference to a topology server of others', () => {
  it('names its endpoints, as many as fit, and its Secrets', () => {
    const many = Array.from({ length: 20 }, (_, i) => `https://etcd-${i}.${'x'.repeat(40)}:2379`);
    const external = { endpoints: many, caSecret: 'ca', clientCertSecret: 'client' };
    const { topoRef } = resolved({ globalTopoServer: { external } });
    assert.deepEqual(topoRef.address.split(','), many.slice(0, 8));
    assert.ok(topoRef.address.length <= 512);
    assert.equal(topoRef.caSecret, 'ca');
    assert.equal(topoRef.clientCertSecret, 'client');
  });

  it('takes the Secrets of a cell where the global one needs none', () => {
    const value = resolved({ cells: [cellWith('a', { clientCertSecret: 'client' })] });
    assert.equal(value.topoRef.clientCertSecret, 'client');
    // With a certificate at hand the runtime would speak TLS to an address without a scheme.
    assert.equal(value.topoRef.address, 'http://m-global-topo.ns.svc:2379');
  });

  it('keeps the etcd of a cell in plain text beside a global one with a certificate', () => {
    const value = resolved({
      globalTopoServer: { external: { endpoints, clientCertSecret: 'client' } },
      cells: [{ name: 'a', zoneId: 'a', spec: { localTopoServer: { etcd: {} } } }],
    });
    const [cell] = value.cells;
    assert.ok(cell);
    assert.match(cellRecord(value, cell).server_addresses?.[0] ?? '', /^http:\/\/m-a-/);
  });

  it('may name one set of Secrets only', () => {
    const found = guard({
      cluster: cluster({
        cells: [cellWith('a', { caSecret: 'x' }), cellWith('b', { caSecret: 'y' })],
      }),
      templates: { core: {}, cell: {}, shard: {} },
      shards: [],
      defaultImages: {} as never,
      imageStrategy: 'immediate',
    });
    assert.equal(found.ok, false);
    assert.deepEqual(!found.ok && found.problems, [
      {
        path: 'spec.cells[1].spec.localTopoServer.external.caSecret',
        value: 'y',
        message: 'a process has one set of credentials for all topology servers',
        fix: 'name x here too',
      },
    ]);
  });
});

describe('a component in front of a topology server with TLS', () => {
  const ref = { address: 'https://e:2379', rootPath: '/r', implementation: 'etcd' };

  it('is told nothing where nothing is needed', () => {
    assert.deepEqual(topoTls(ref), { args: [], env: [], volumes: [], mounts: [] });
  });

  it('gets flags for a certificate, with the authority', () => {
    const { args, env } = topoTls({ ...ref, caSecret: 'ca', clientCertSecret: 'client' });
    assert.deepEqual(
      args.map((arg) => arg.split('=')[0]),
      ['--topo-etcd-tls-cert', '--topo-etcd-tls-key', '--topo-etcd-tls-ca'],
    );
    assert.deepEqual(env, []);
  });

  it('trusts an authority alone beside those of the system, since the flags need a certificate', () => {
    const { args, env, volumes } = topoTls({ ...ref, caSecret: 'ca' });
    assert.deepEqual(args, []);
    assert.deepEqual(env, [
      { name: 'SSL_CERT_DIR', value: '/etc/multigres/topo-tls:/etc/ssl/certs' },
    ]);
    assert.equal(volumes.length, 1);
  });
});
