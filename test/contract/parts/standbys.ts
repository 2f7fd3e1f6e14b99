/** A standby that is stopped, killed, marked and started again; a fourth pooler; draining it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { patchLifecycle } from '../../../controller/topo/codec.ts';
import { eventually, subtermOf, termOf, type Shard } from '../support/shard.ts';

export async function gracefulStop(t: TestContext, s: Shard): Promise<void> {
  const leader = await s.healthy();
  const [victim = ''] = s.others(leader);
  const before = await s.rule();

  await t.test('SIGTERM leaves a SHUTDOWN record without a role', async () => {
    await s.cluster.stopPod(victim);
    const record = await s.record(victim);
    assert.equal(record.lifecycle_status?.status, 'LIFECYCLE_SHUTDOWN');
    assert.equal(record.lifecycle_status.reason, 'pooler shutdown');
    assert.equal(record.routing_state, undefined);
    assert.equal(record.type, undefined);
    assert.equal(record.serving_status, 'DISABLED');
  });

  await t.test(
    'multiorch takes it out of the cohort and out of the sync list, under a new subterm',
    async () => {
      await eventually('cohort of two', async () => (await s.cohort()).length === 2);
      const rule = await s.rule();
      assert.equal(termOf(rule), termOf(before));
      assert.ok(subtermOf(rule) > subtermOf(before));
      await eventually('sync list of two', async () => {
        const status = (await s.status(leader)).status?.primary_status as {
          sync_replication_config?: { standby_ids?: unknown[] };
        };
        return status.sync_replication_config?.standby_ids?.length === 2;
      });
      await s.sql("INSERT INTO contract (word) VALUES ('two members')");
    },
  );

  await t.test(
    'started again it registers as STARTING and comes back into the cohort',
    async () => {
      await s.cluster.startPod(victim);
      const record = await eventually('new record', async () => {
        const now = await s.record(victim);
        return now.lifecycle_status?.status !== 'LIFECYCLE_SHUTDOWN' && now;
      });
      assert.equal(record.lifecycle_status?.status, 'LIFECYCLE_STARTING');
      assert.equal(record.routing_state?.role, 'ROUTING_ROLE_REPLICA');
      await s.healthy();
      await eventually(
        'ACTIVE',
        async () => (await s.record(victim)).lifecycle_status?.status === 'LIFECYCLE_ACTIVE',
      );
    },
  );
}

/** Writes SHUTDOWN as an operator does for a pod that is gone. */
async function markShutdown(s: Shard, suffix: string): Promise<void> {
  const found = await s.topo.get(s.recordKey(suffix));
  assert.ok(found);
  const updated = { seconds: String(Math.floor(Date.now() / 1000)) };
  const value = patchLifecycle(found.value, {
    status: 'LIFECYCLE_SHUTDOWN',
    reason: 'pod is gone',
    updated,
  });
  assert.equal(await s.topo.update(found.key, value, found.modRevision), true);
}

export async function killed(t: TestContext, s: Shard): Promise<void> {
  const leader = await s.healthy();
  const [victim = ''] = s.others(leader);

  await t.test('kill -9 changes neither the record nor the cohort, and writes go on', async () => {
    const before = await s.record(victim);
    await s.cluster.killPod(victim);
    await eventually('followers of the leader', async () => {
      const status = (await s.status(leader)).status?.primary_status;
      return status?.connected_followers?.length === 1;
    });
    await s.sql("INSERT INTO contract (word) VALUES ('one standby')");
    assert.deepEqual(await s.record(victim), before);
    assert.equal((await s.cohort()).length, 3);
  });

  await t.test('multiorch says ShardAtRisk, and that its stream is gone', async () => {
    const problem = await eventually('ShardAtRisk', async () =>
      (await s.shardStatus('zone-a')).problems?.find((p) => p.code === 'ShardAtRisk'),
    );
    assert.equal(problem.check_name, 'LeaderNeedsReplacement');
    assert.equal(problem.priority, 100);
    assert.equal(problem.scope, 'Pooler');
    assert.equal(problem.pooler_id?.name, `p-${leader}`);
    const health = (await s.shardStatus('zone-a')).pooler_healths?.find(
      (h) => h.pooler_id?.name === `p-${victim}`,
    );
    assert.notEqual(health?.stream_connected, true);
    assert.deepEqual(await s.cohort(), s.suffixes.toSorted());
  });

  await t.test('a SHUTDOWN written by the operator takes it out', async () => {
    await markShutdown(s, victim);
    await eventually('cohort of two', async () => (await s.cohort()).length === 2);
    await eventually(
      'no problems',
      async () => ((await s.shardStatus('zone-a')).problems ?? []).length === 0,
    );
  });

  await t.test('started again it comes back', async () => {
    await s.cluster.startPod(victim);
    await s.healthy();
  });
}

/**
 * Runs before leaders change: the runtime's own restored copy cannot catch up when segments between the
 * last backup and the newest timeline are gone from the leader (seen on live processes).
 */
export async function fourth(t: TestContext, s: Shard): Promise<void> {
  const added = 'zone-a2';

  await t.test('a new pooler restores the backup and joins', async () => {
    assert.equal((await s.cluster.addPod('zone-a')).suffix, added);
    await s.healthy();
  });

  await t.test(
    'StopReplication makes a standby ineligible; then a COHORT_REMOVE sticks',
    async () => {
      const leader = await s.healthy();
      const mode = 'REPLICATION_PAUSE_MODE_RECEIVER_ONLY';
      await s.manager(added, 'StopReplication', { mode, wait: true }, 15_000);
      await eventually('INELIGIBLE', async () => {
        const { availability_status: availability } = await s.status(added);
        return (
          availability?.cohort_eligibility_status?.signal === 'COHORT_ELIGIBILITY_SIGNAL_INELIGIBLE'
        );
      });
      if ((await s.cohort()).includes(added)) {
        await s.consensus(leader, 'UpdateConsensusRule', {
          operation: 'RULE_OPERATION_COHORT_REMOVE',
          standby_ids: [s.id(added)],
          expected_outgoing_rule: (await s.rule()).rule_number,
        });
      }
      assert.equal((await s.cohort()).includes(added), false);
      // a promise of absence: several cycles of every multiorch must pass
      await new Promise((resolve) => setTimeout(resolve, 4000));
      assert.equal((await s.cohort()).includes(added), false);
    },
  );

  await t.test('StartReplication brings it back', async () => {
    await s.manager(added, 'StartReplication');
    await s.healthy();
  });

  await t.test('stopped for good it leaves a cohort of three', async () => {
    await s.cluster.stopPod(added);
    await eventually('cohort of three', async () => (await s.cohort()).length === 3);
    assert.equal((await s.record(added)).lifecycle_status?.status, 'LIFECYCLE_SHUTDOWN');
    s.cluster.plan.pods.pop();
    await s.healthy();
  });
}
