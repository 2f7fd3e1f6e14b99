import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellRecord, databaseRecord } from '../../../controller/cluster/topology.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import type { MultigresClusterSpec } from '../../../schemas/types.ts';

const resolved = (change: Partial<MultigresClusterSpec>): ResolvedCluster => {
  const result = resolveCluster(
    {
      apiVersion: 'multigres.com/v1alpha1',
      kind: 'MultigresCluster',
      metadata: { name: 'm', namespace: 'ns' },
      spec: {
        postgresPasswordSecretRef: { name: 'pw', key: 'password' },
        cells: [{ name: 'a', zoneId: 'zone-a' }],
        ...change,
      },
    },
    { core: {}, cell: {}, shard: {} },
  );
  assert.ok(result.ok);
  return result.value;
};
const cellOf = (change: Partial<MultigresClusterSpec>) => {
  const cluster = resolved(change);
  const [cell] = cluster.cells;
  assert.ok(cell);
  return cellRecord(cluster, cell);
};
const databaseOf = (change: Partial<MultigresClusterSpec>) => {
  const cluster = resolved(change);
  const [database] = cluster.databases;
  assert.ok(database);
  return databaseRecord(cluster, database);
};

describe('the record of a cell', () => {
  it('points at the global etcd and its root', () => {
    assert.deepEqual(cellOf({}), {
      name: 'a',
      server_addresses: ['m-global-topo.ns.svc:2379'],
      root: '/multigres/global',
    });
  });

  it('points at an etcd of its own', () => {
    const localTopoServer = { etcd: {} };
    const record = cellOf({ cells: [{ name: 'a', zoneId: 'z', spec: { localTopoServer } }] });
    assert.match(
      record.server_addresses?.[0] ?? '',
      /^m-a-[0-9a-f]{8}-topo-[0-9a-f]{8}\.ns\.svc:2379$/,
    );
    assert.equal(record.root, '/multigres/a');
  });

  it('points at all endpoints of an etcd of somebody else', () => {
    const localTopoServer = { external: { endpoints: ['e1:2379', 'e2:2379'], rootPath: '/r' } };
    const record = cellOf({ cells: [{ name: 'a', zoneId: 'z', spec: { localTopoServer } }] });
    assert.deepEqual(record, { name: 'a', server_addresses: ['e1:2379', 'e2:2379'], root: '/r' });
  });
});

describe('the record of a database', () => {
  it('lists all cells and spells the policy out', () => {
    assert.deepEqual(
      databaseOf({ cells: ['a', 'b', 'c'].map((name) => ({ name, zoneId: name })) }),
      {
        name: 'postgres',
        backup_location: { filesystem: { path: '/backups' } },
        cells: ['a', 'b', 'c'],
        bootstrap_durability_policy: {
          policy_name: 'AT_LEAST_2',
          quorum_type: 'QUORUM_TYPE_AT_LEAST_N',
          required_count: 2,
        },
      },
    );
  });

  it('knows the policy of several cells', () => {
    const record = databaseOf({ durabilityPolicy: 'MULTI_CELL_AT_LEAST_2' });
    assert.deepEqual(record.bootstrap_durability_policy, {
      policy_name: 'MULTI_CELL_AT_LEAST_2',
      quorum_type: 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N',
      required_count: 2,
    });
  });

  it('tells where the backups lie and whether they must be encrypted', () => {
    const s3 = { bucket: 'b', region: 'r', endpoint: 'https://s3', keyPrefix: 'p' };
    const backup = { type: 's3', s3, encryption: { secretName: 'keys' } } as const;
    assert.deepEqual(databaseOf({ backup }).backup_location, {
      s3: { bucket: 'b', region: 'r', endpoint: 'https://s3', key_prefix: 'p' },
      require_initial_repo_encryption: true,
    });
  });
});
