/** From empty volumes to the first write, and what is in the topology then. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { codecs } from '../../../controller/topo/codec.ts';
import { topoKeys } from '../../../controller/topo/keys.ts';
import { eventually, subtermOf, termOf, type Shard } from '../support/shard.ts';

export async function bootstrap(t: TestContext, s: Shard): Promise<void> {
  const { plan } = s.cluster;

  await t.test(
    'a starting pooler registers as STARTING, SERVING, REPLICA without a rule',
    async () => {
      for (const pod of plan.pods) {
        const record = await eventually('record', () => s.record(pod.suffix));
        assert.deepEqual(record.id, s.id(pod.suffix));
        assert.deepEqual(record.shard_key, {
          database: 'postgres',
          table_group: 'default',
          shard: '0-inf',
        });
        assert.equal(record.hostname, pod.hostname);
        assert.deepEqual(record.port_map, {
          grpc: 15270,
          http: 15200,
          postgres: 5432,
          pgbackrest: pod.pgbackrestPort,
        });
        assert.equal(record.pooler_dir, '/var/lib/pooler');
        assert.equal(record.pg_data_dir, '/var/lib/pooler/pg_data');
        assert.equal(record.lifecycle_status?.status, 'LIFECYCLE_STARTING');
        assert.equal(record.lifecycle_status?.reason, 'process starting');
        assert.equal(record.serving_status ?? 'SERVING', 'SERVING');
        assert.deepEqual(record.routing_state, { role: 'ROUTING_ROLE_REPLICA' });
      }
    },
  );

  await t.test('Status answers before there is a postgres', async () => {
    const status = await eventually('status', () => s.status('zone-b'));
    assert.equal(status.status?.shard_id, '0-inf');
    assert.equal(
      status.availability_status?.cohort_eligibility_status?.signal,
      'COHORT_ELIGIBILITY_SIGNAL_ELIGIBLE',
    );
  });

  await t.test('multiorchs and gateways register with their ports', async () => {
    for (const cell of plan.cells) {
      const found = await eventually('Orch record', () =>
        s.topo.get(topoKeys.orch(plan.root, cell, `o-${cell}`)),
      );
      assert.deepEqual(codecs.Multiorch.decode(found.value), {
        id: { component: 'MULTIORCH', cell, name: `o-${cell}` },
        hostname: `orch-${cell}`,
        port_map: { grpc: 15370, http: 15300 },
      });
    }
    const [gateway] = await eventually('Gateway record', async () => {
      const all = await s.topo.range(topoKeys.gateways(plan.root));
      return all.length > 0 && all;
    });
    assert.ok(gateway);
    const record = codecs.Multigateway.decode(gateway.value);
    assert.equal(record.id?.component, 'MULTIGATEWAY');
    assert.equal(
      gateway.key,
      topoKeys.gateway(plan.root, record.id?.cell ?? '', record.id?.name ?? ''),
    );
    assert.deepEqual(record.port_map, {
      grpc: 15170,
      http: 15100,
      postgres: 15432,
      postgres_replica: 15433,
    });
    assert.ok((record.pid_prefix ?? 0) >= 0 && (record.pid_prefix ?? 0) < 4096);
  });

  await t.test('a multiorch lists ShardNeedsInitialization before there is a leader', async () => {
    const [problem] = await eventually('problem', async () => {
      const { problems } = await s.shardStatus('zone-a');
      return (problems ?? []).length > 0 && problems;
    });
    assert.equal(problem?.code, 'ShardNeedsInitialization');
    assert.equal(problem.priority, 10000);
    assert.equal(problem.scope, 'Shard');
  });

  await t.test('the first write goes through the gateway', async () => {
    await eventually(
      'first write',
      async () => {
        await s.sql('CREATE TABLE IF NOT EXISTS contract (id serial PRIMARY KEY, word text)');
        await s.sql("INSERT INTO contract (word) VALUES ('first')");
        return true;
      },
      180_000,
    );
  });

  await t.test('one multiorch claimed the shard, with members that exist', async () => {
    const found = await s.topo.get(
      topoKeys.shardInitClaim(plan.root, 'postgres', 'default', '0-inf'),
    );
    assert.ok(found, 'no ShardInitClaim');
    const claim = codecs.ShardInitClaim.decode(found.value);
    assert.ok(
      plan.cells.some(
        (cell) => claim.claimer_id?.cell === cell && claim.claimer_id.name === `o-${cell}`,
      ),
    );
    assert.ok((claim.cohort_members ?? []).length >= 2);
    for (const id of claim.cohort_members ?? [])
      assert.ok(plan.pods.some((pod) => pod.serviceId === id.name));
    assert.equal(found.version, '1', 'the claim is written once');
  });

  await t.test('every pooler joins the cohort, and all become ACTIVE', async () => {
    const leader = await s.healthy();
    for (const suffix of s.suffixes) {
      const record = await eventually(`${suffix} ACTIVE`, async () => {
        const now = await s.record(suffix);
        return now.lifecycle_status?.status === 'LIFECYCLE_ACTIVE' && now;
      });
      assert.equal(record.lifecycle_status?.reason, 'pooler active');
    }
    const rule = await s.rule();
    assert.equal(termOf(rule), 1);
    const record = await eventually('record follows the rule', async () => {
      const now = await s.record(leader);
      return Number(now.routing_state?.rule?.leader_subterm ?? 0) === subtermOf(rule) && now;
    });
    assert.equal(record.type, 'PRIMARY');
    assert.equal(record.routing_state?.role, 'ROUTING_ROLE_PRIMARY');
    assert.equal(record.routing_state.rule?.coordinator_term, '1');
  });

  await t.test('a healthy shard has no problems', async () => {
    for (const cell of plan.cells) {
      await eventually(
        `no problems at ${cell}`,
        async () => ((await s.shardStatus(cell)).problems ?? []).length === 0,
      );
    }
    const { pooler_healths } = await s.shardStatus('zone-a');
    assert.equal(pooler_healths?.length, plan.pods.length);
    for (const health of pooler_healths ?? []) {
      assert.equal(health.stream_connected, true);
      assert.equal(health.postgres_ready, true);
      assert.ok(Number(health.last_seen?.seconds) > Date.now() / 1000 - 60);
    }
  });
}
