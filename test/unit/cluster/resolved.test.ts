import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { resolvedStatus } from '../../../controller/cluster/resolved.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type { Templates } from '../../../schemas/resolve/types.ts';
import { shapeErrors } from '../../../schemas/shape-errors.ts';
import type { MultigresCluster, MultigresClusterSpec } from '../../../schemas/types.ts';
import { anyCluster } from '../../support/clusters.ts';

const NONE: Templates = { core: {}, cell: {}, shard: {} };

const cluster = (spec: Partial<MultigresClusterSpec> = {}): MultigresCluster => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns' },
  spec: {
    postgresPasswordSecretRef: { name: 'pw', key: 'password' },
    cells: [{ name: 'z1', zoneId: 'az1' }],
    ...spec,
  },
});

const statusOf = (object: MultigresCluster, templates = NONE) => {
  const resolved = resolveCluster(object, templates);
  assert.ok(resolved.ok);
  return resolvedStatus(resolved.value);
};

describe('status.resolved', () => {
  it('shows what runs where the spec says nothing', () => {
    const { shards, cells, globalTopoServer, multiadmin } = statusOf(cluster());
    assert.equal(globalTopoServer.replicas, 3);
    assert.equal(globalTopoServer.storageSize, '1Gi');
    assert.equal(globalTopoServer.address, 'm-global-topo.ns.svc:2379');
    assert.equal(multiadmin.replicas, 1);
    assert.equal(cells['z1']?.gateway.replicas, 1);
    const { pools, ...shard } = shards['postgres/default/0-inf'] ?? {};
    assert.partialDeepStrictEqual(shard, {
      durabilityPolicy: 'AT_LEAST_2',
      backup: '/backups',
      backupVolume: { storageSize: '10Gi' },
      multiorch: { cells: ['z1'] },
    });
    assert.equal(globalTopoServer.rootPath, '/multigres/global');
    assert.deepEqual(globalTopoServer.pvcDeletionPolicy, {
      whenDeleted: 'Delete',
      whenScaled: 'Delete',
    });
    assert.deepEqual(pools, {
      default: {
        cells: ['z1'],
        replicasPerCell: 2,
        storageSize: '1Gi',
        postgres: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
        multipooler: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        pvcDeletionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
      },
    });
  });

  it('names the template that pools come from, the bucket and the outside topology', () => {
    const templates = {
      ...NONE,
      shard: {
        default: {
          apiVersion: 'multigres.com/v1alpha1',
          kind: 'ShardTemplate',
          metadata: { name: 'default', namespace: 'ns' },
          spec: {
            pools: { main: { replicasPerCell: 3, storage: { size: '4Gi', class: 'fast' } } },
          },
        },
      },
    } as Templates;
    const status = statusOf(
      cluster({
        globalTopoServer: { external: { endpoints: ['https://e:2379'] } },
        backup: { type: 's3', s3: { bucket: 'b', region: 'r', keyPrefix: 'k' } },
      }),
      templates,
    );
    assert.deepEqual(status.globalTopoServer, {
      address: 'https://e:2379',
      rootPath: '/multigres/global',
    });
    assert.partialDeepStrictEqual(status.shards['postgres/default/0-inf'], {
      template: 'default',
      backup: 's3://b/k',
      pools: { main: { replicasPerCell: 3, storageSize: '4Gi', storageClass: 'fast' } },
    });
  });

  it('shows what only templates say, and which volumes go', () => {
    const meta = { apiVersion: 'multigres.com/v1alpha1', metadata: { name: 'default' } };
    const etcd = { replicas: 1, rootPath: '/c', image: 'quay.io/e:1' };
    const buffer = { window: '5s' };
    const templates = {
      core: { default: { ...meta, spec: { globalTopoServer: { etcd: { rootPath: '/r' } } } } },
      cell: { default: { ...meta, spec: { multigateway: { buffer }, localTopoServer: { etcd } } } },
      shard: {
        default: {
          ...meta,
          spec: {
            initdbArgs: '--data-checksums',
            postgresConfig: { work_mem: '64MB' },
            pvcDeletionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
            pools: { main: { pvcDeletionPolicy: { whenScaled: 'Delete' } } },
          },
        },
      },
    } as unknown as Templates;
    const { globalTopoServer, cells, shards } = statusOf(cluster(), templates);
    assert.equal(globalTopoServer.rootPath, '/r');
    assert.partialDeepStrictEqual(cells['z1']?.gateway.buffer, buffer);
    assert.partialDeepStrictEqual(cells['z1']?.localTopoServer, etcd);
    assert.partialDeepStrictEqual(shards['postgres/default/0-inf'], {
      initdbArgs: '--data-checksums',
      postgresConfig: { work_mem: '64MB' },
      pools: { main: { pvcDeletionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } } },
    });
  });

  it('fits the CRD and is the same each time, whatever the cluster', () => {
    fc.assert(
      fc.property(anyCluster, (made) => {
        const object = JSON.parse(JSON.stringify(made)) as MultigresCluster;
        const resolved = statusOf(object);
        assert.deepEqual(shapeErrors('MultigresCluster', { ...object, status: { resolved } }), []);
        assert.deepEqual(statusOf(object), resolved);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
