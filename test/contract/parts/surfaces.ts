/** HTTP health, the gateway's two ports, the administration API, the service of multiorch. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { errorOf, eventually, type Shard } from '../support/shard.ts';

const code = async (url: string): Promise<number> =>
  (await fetch(url, { signal: AbortSignal.timeout(5000) })).status;

export async function httpHealth(t: TestContext, s: Shard): Promise<void> {
  const { http } = s.cluster;
  const servers = {
    pgctld: http.pgctld('zone-a'),
    multipooler: http.pooler('zone-a'),
    multiorch: http.orch('zone-a'),
    multigateway: http.gateway('zone-a'),
    multiadmin: http.admin(),
  };
  for (const [role, base] of Object.entries(servers)) {
    await t.test(`${role} is alive and ready over HTTP`, async () => {
      assert.equal(await code(`${base}/live`), 200);
      await eventually(`${role} ready`, async () => (await code(`${base}/ready`)) === 200);
      const unknown = await code(`${base}/no-such-path`);
      assert.equal(unknown, role === 'pgctld' ? 404 : 200);
    });
  }
}

export async function gatewayPorts(t: TestContext, s: Shard): Promise<void> {
  await t.test('the read-write port leads to the primary', async () => {
    assert.deepEqual(await s.sql('SELECT pg_is_in_recovery() AS standby'), [{ standby: false }]);
  });
  await t.test('the replica port leads to a standby, which refuses writes with 25006', async () => {
    await eventually('replica answers', async () => {
      const rows = await s.sql('SELECT pg_is_in_recovery() AS standby', [], 'replica');
      assert.deepEqual(rows, [{ standby: true }]);
      return true;
    });
    await assert.rejects(s.sql("INSERT INTO contract (word) VALUES ('no')", [], 'replica'), {
      code: '25006',
    });
  });
  await t.test('a wrong password is refused with 28P01', async () => {
    const right = s.cluster.password;
    Object.assign(s.cluster, { password: 'wrong' });
    try {
      await assert.rejects(s.sql('SELECT 1'), { code: '28P01' });
    } finally {
      Object.assign(s.cluster, { password: right });
    }
  });
}

export async function adminApi(t: TestContext, s: Shard): Promise<void> {
  await t.test('cells and databases', async () => {
    assert.deepEqual(await s.admin('GET', 'cells'), {
      status: 200,
      body: { names: s.cluster.plan.cells },
    });
    assert.deepEqual(await s.admin('GET', 'cells/zone-a'), {
      status: 200,
      body: {
        cell: { name: 'zone-a', serverAddresses: [s.cluster.plan.etcd], root: s.cluster.plan.root },
      },
    });
    assert.deepEqual(await s.admin('GET', 'databases'), {
      status: 200,
      body: { names: ['postgres'] },
    });
    const { body } = await s.admin('GET', 'databases/postgres');
    assert.deepEqual(body['database'], {
      name: 'postgres',
      backupLocation: { filesystem: { path: '/backups' } },
      cells: s.cluster.plan.cells,
      bootstrapDurabilityPolicy: {
        policyName: 'AT_LEAST_2',
        quorumType: 'QUORUM_TYPE_AT_LEAST_N',
        requiredCount: 2,
      },
    });
  });

  await t.test('what does not exist is 404 with code 5 and a message', async () => {
    const { status, body } = await s.admin('GET', 'databases/nothing');
    assert.equal(status, 404);
    assert.deepEqual(body, { code: 5, message: "database 'nothing' not found", details: [] });
  });

  await t.test('poolers, gateways and orchs in camelCase, defaults left out', async () => {
    const leader = await s.healthy();
    const { body } = await s.admin('GET', 'poolers');
    const poolers = body['poolers'] as Record<string, unknown>[];
    assert.equal(poolers.length, s.cluster.pods.length);
    const mine = poolers.find((p) => (p['id'] as { name: string }).name === `p-${leader}`);
    assert.ok(mine);
    assert.deepEqual(mine['shardKey'], {
      database: 'postgres',
      tableGroup: 'default',
      shard: '0-inf',
    });
    assert.equal(mine['type'], 'PRIMARY');
    assert.equal('servingStatus' in mine, false, 'SERVING is the default');
    assert.match((mine['lifecycleStatus'] as { updated: string }).updated, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.equal(
      typeof (mine['routingState'] as { rule: { coordinatorTerm: unknown } }).rule.coordinatorTerm,
      'string',
    );
    assert.equal((await s.admin('GET', 'gateways')).status, 200);
    const orchs = (await s.admin('GET', 'orchs')).body['orchs'] as { id: { name: string } }[];
    assert.deepEqual(
      orchs.map((o) => o.id.name).toSorted(),
      s.cluster.plan.cells.map((c) => `o-${c}`).toSorted(),
    );
  });

  await t.test("a pooler's status over REST", async () => {
    const { status, body } = await s.admin('GET', 'poolers/zone-a/p-zone-a/status');
    assert.equal(status, 200);
    assert.equal((body['status'] as { postgresReady: boolean }).postgresReady, true);
    assert.ok(body['consensusStatus']);
  });

  await t.test('the same over gRPC', async () => {
    const names = await s.call<{ names?: string[] }>(
      'MultiadminService',
      s.cluster.grpc.admin(),
      'GetCellNames',
    );
    assert.deepEqual(names.names, s.cluster.plan.cells);
  });
}

interface Backup {
  backupId: string;
  type: string;
  status: string;
  jobId: string;
  multipoolerServiceId: string;
}

export async function backups(t: TestContext, s: Shard): Promise<void> {
  const query = 'database=postgres&table_group=default&shard=0-inf';
  const list = async (): Promise<Backup[]> =>
    ((await s.admin('GET', `backups?${query}`)).body['backups'] ?? []) as Backup[];

  await t.test('the bootstrap left one complete full backup', async () => {
    const [first] = await list();
    assert.ok(first);
    assert.match(first.backupId, /^\d{8}-\d{6}F$/);
    assert.equal(first.type, 'full');
    assert.equal(first.status, 'BACKUP_STATUS_COMPLETE');
    const direct = await s.manager<{ backups?: { backup_id?: string; status?: string }[] }>(
      'zone-a',
      'GetBackups',
      { limit: 10 },
      35_000,
    );
    assert.equal(direct.backups?.[0]?.backup_id, first.backupId);
    assert.equal(direct.backups[0].status, 'BACKUP_COMPLETE');
  });

  await t.test('a requested backup runs as a job on a standby', async () => {
    const leader = await s.healthy();
    const body = { database: 'postgres', tableGroup: 'default', shard: '0-inf', type: 'full' };
    const started = await s.admin('POST', 'backups', body);
    assert.equal(started.status, 200);
    const id = String(started.body['jobId']);
    assert.match(id, /^\d{8}-\d{6}\.\d{6}_multipooler-zone-.-p-zone-.$/);
    assert.equal(id.endsWith(`p-${leader}`), false, 'not on the leader');
    const first = (await s.admin('GET', `jobs/${id}`)).body;
    assert.equal(first['jobType'], 'JOB_TYPE_BACKUP');
    const done = await eventually('backup job', async () => {
      const job = (await s.admin('GET', `jobs/${id}`)).body;
      assert.notEqual(job['status'], 'JOB_STATUS_FAILED', JSON.stringify(job));
      return job['status'] === 'JOB_STATUS_COMPLETED' && job;
    });
    const found = (await list()).find((b) => b.backupId === done['backupId']);
    assert.equal(found?.jobId, id);
  });

  await t.test('a standby makes an incremental backup when asked directly', async () => {
    const [standby = ''] = s.others(await s.healthy());
    const request = { type: 'incremental' };
    const made = await s.manager<{ backup_id?: string }>(standby, 'Backup', request, 60_000);
    assert.match(made.backup_id ?? '', /^\d{8}-\d{6}F_\d{8}-\d{6}I$/);
    const found = (await list()).find((b) => b.backupId === made.backup_id);
    assert.equal(found?.status, 'BACKUP_STATUS_COMPLETE');
  });

  await t.test(
    'a backup of an unknown type, or of none, is refused as INVALID_ARGUMENT',
    async () => {
      const [standby = ''] = s.others(await s.healthy());
      for (const [type, text] of [
        ['incr', /invalid backup type 'incr': must be one of: full, differential, incremental/],
        ['', /type is required/],
      ] as const) {
        const error = await errorOf(s.manager(standby, 'Backup', { type }, 60_000));
        assert.equal(error.code, 3);
        assert.match(error.details, text);
      }
    },
  );
}

export async function recoverySwitch(t: TestContext, s: Shard): Promise<void> {
  await t.test('recovery can be switched off and on, per multiorch', async () => {
    const enabled = async (cell: string) =>
      (await s.orch<{ enabled?: boolean }>(cell, 'GetRecoveryStatus')).enabled === true;
    assert.equal(await enabled('zone-a'), true);
    assert.equal((await s.orch<{ success?: boolean }>('zone-a', 'DisableRecovery')).success, true);
    assert.equal(await enabled('zone-a'), false);
    assert.equal(await enabled('zone-b'), true);
    assert.equal((await s.orch<{ success?: boolean }>('zone-a', 'EnableRecovery')).success, true);
    assert.equal(await enabled('zone-a'), true);
  });
  await t.test('TriggerRecoveryNow has nothing to do in a healthy shard', async () => {
    await eventually(
      'no problems',
      async () => ((await s.shardStatus('zone-a')).problems ?? []).length === 0,
    );
    const answer = await s.orch<{ remaining_problem_codes?: string[] }>(
      'zone-a',
      'TriggerRecoveryNow',
      { max_cycles: 1 },
    );
    assert.deepEqual(answer.remaining_problem_codes ?? [], []);
  });
}
