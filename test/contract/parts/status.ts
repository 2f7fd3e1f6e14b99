/** The fields of Status that decisions rest on, in a healthy shard. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually, type Shard } from '../support/shard.ts';

export async function statusFields(t: TestContext, s: Shard): Promise<void> {
  await t.test("the leader's Status names its followers and its synchronous standbys", async () => {
    const leader = await s.healthy();
    const answer = await eventually('followers', async () => {
      const now = await s.status(leader);
      return now.status?.primary_status?.connected_followers?.length === 2 && now;
    });
    const { status } = answer;
    assert.equal(status?.pooler_type, 'PRIMARY');
    assert.equal(status.postgres_status, 'POSTGRES_STATUS_PRIMARY');
    assert.equal(status.is_initialized, true);
    assert.equal(status.postgres_running, true);
    assert.equal(status.postgres_ready, true);
    assert.match(status.wal_position ?? '', /^[0-9A-F]+\/[0-9A-F]+$/);
    assert.equal(status.primary_status?.ready, true);
    assert.equal('replication_status' in status, false);
    const names = status.primary_status.connected_followers?.map((id) => id.name).toSorted();
    assert.deepEqual(
      names,
      s
        .others(leader)
        .map((o) => `p-${o}`)
        .toSorted(),
    );
    const sync = (status.primary_status as { sync_replication_config?: Record<string, unknown> })
      .sync_replication_config;
    assert.equal(sync?.['synchronous_commit'], 'SYNCHRONOUS_COMMIT_ON');
    assert.equal(sync['synchronous_method'], 'SYNCHRONOUS_METHOD_ANY');
    assert.equal(sync['num_sync'], 1);
    const applications = (sync['standby_application_names'] as string[]).toSorted();
    assert.deepEqual(
      applications,
      s.cluster.pods.map((p) => `${p.cell}_${p.serviceId}`).toSorted(),
    );
    assert.equal(
      answer.availability_status?.leadership_status,
      undefined,
      'only a resigning leader signals',
    );
  });

  await t.test("a standby's Status names its upstream and says that it streams", async () => {
    const leader = await s.healthy();
    const [standby] = s.others(leader);
    assert.ok(standby);
    const { status, consensus_status: consensus } = await s.status(standby);
    const replication = status?.replication_status as Record<string, unknown>;
    assert.equal(status?.pooler_type, 'REPLICA');
    assert.equal('primary_status' in status, false);
    assert.equal(replication['wal_receiver_status'], 'streaming');
    assert.equal(replication['wal_replay_pause_state'], 'not paused');
    assert.ok(replication['last_msg_receive_time']);
    const upstream = replication['primary_conn_info'] as Record<string, unknown>;
    const pod = s.cluster.pod(standby);
    assert.equal(upstream['host'], s.cluster.pod(leader).hostname);
    assert.equal(upstream['port'], 5432);
    assert.equal(upstream['user'], 'postgres');
    assert.equal(upstream['application_name'], `${pod.cell}_${pod.serviceId}`);
    const decision = consensus?.current_position?.position?.decision;
    assert.deepEqual(decision?.leader_id, s.id(leader));
    assert.equal(decision.durability_policy?.policy_name, 'AT_LEAST_2');
    assert.equal(decision.durability_policy.quorum_type, 'QUORUM_TYPE_AT_LEAST_N');
    assert.equal(decision.durability_policy.required_count, 2);
    assert.deepEqual(consensus?.replication_primary?.primary, {
      id: s.id(leader),
      host: s.cluster.pod(leader).hostname,
      postgres_port: 5432,
    });
  });

  await t.test('every component tells its build', async () => {
    for (const address of [
      s.cluster.grpc.pooler('zone-a'),
      s.cluster.grpc.orch('zone-a'),
      s.cluster.grpc.admin(),
    ]) {
      const answer = await s.call<{ build_info?: { main_path?: string } }>(
        'ServiceInfo',
        address,
        'GetBuildInfo',
      );
      assert.ok(answer.build_info?.main_path);
    }
  });
}
