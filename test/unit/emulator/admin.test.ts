import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJson, toJson } from '../../../emulator/admin/json.ts';
import { matchPath } from '../../../emulator/admin/rest.ts';
import { jobId } from '../../../emulator/admin/shard-calls.ts';

test('messages become canonical JSON: camelCase, times as text, map keys untouched, defaults left out', () => {
  const pooler = {
    id: { component: 'MULTIPOOLER', cell: 'zone-a', name: 'p-1' },
    hostname: '',
    port_map: { postgres: 5432, grpc: 15270, postgres_replica: 5433 },
    lifecycle_status: {
      status: 'LIFECYCLE_ACTIVE',
      updated: { seconds: '1795343446', nanos: 517779443 },
    },
    routing_state: { role: 'ROUTING_ROLE_PRIMARY', rule: { coordinator_term: '3' } },
  };
  assert.deepEqual(toJson('Multipooler', pooler), {
    id: { component: 'MULTIPOOLER', cell: 'zone-a', name: 'p-1' },
    portMap: { grpc: 15270, postgres: 5432, postgres_replica: 5433 },
    lifecycleStatus: { status: 'LIFECYCLE_ACTIVE', updated: '2026-11-22T10:30:46.517779443Z' },
    routingState: { role: 'ROUTING_ROLE_PRIMARY', rule: { coordinatorTerm: '3' } },
  });
  assert.deepEqual(toJson('GetPoolersResponse', { poolers: [] }), {});
  assert.deepEqual(
    toJson('StandbyReplicationStatus', {
      lag: { seconds: '1', nanos: 500_000_000 },
      wal_receiver_status_interval: { seconds: '10' },
    }),
    { lag: '1.500s', walReceiverStatusInterval: '10s' },
  );
});

test('requests are read in camelCase and in proto names; unknown fields are named', () => {
  assert.deepEqual(
    fromJson('AdminBackupRequest', { tableGroup: 'default', force_primary: 'true' }),
    { table_group: 'default', force_primary: true },
  );
  assert.deepEqual(fromJson('SwitchPrimaryRequest', { shardKey: { tableGroup: 't' } }), {
    shard_key: { table_group: 't' },
  });
  assert.throws(
    () => fromJson('AdminBackupRequest', { tabelGroup: 'x' }),
    /unknown field "tabelGroup"/,
  );
});

test('paths give their variables', () => {
  assert.deepEqual(
    matchPath(
      '/api/v1/poolers/{pooler_id.cell}/{pooler_id.name}/status',
      '/api/v1/poolers/zone-a/p%2D1/status',
    ),
    { 'pooler_id.cell': 'zone-a', 'pooler_id.name': 'p-1' },
  );
  assert.equal(matchPath('/api/v1/cells', '/api/v1/databases'), undefined);
  assert.equal(matchPath('/api/v1/cells/{name}', '/api/v1/cells'), undefined);
});

test('a job is named by its time and its pooler', () => {
  const at = Date.UTC(2026, 10, 22, 10, 52, 28, 299);
  assert.equal(
    jobId(at, { component: 'MULTIPOOLER', cell: 'zone-b', name: 'p-zone-b' }),
    '20261122-105228.299000_multipooler-zone-b-p-zone-b',
  );
});
