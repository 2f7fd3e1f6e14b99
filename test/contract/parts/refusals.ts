/** What the poolers refuse, with code and text. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { errorOf, eventually, subtermOf, type Shard } from '../support/shard.ts';

/** How an identity is written in error texts; the runtime varies the space between fields on purpose. */
const named = (s: Shard, suffix: string): RegExp =>
  new RegExp(`component:MULTIPOOLER\\s+cell:"${s.cluster.pod(suffix).cell}"\\s+name:"p-${suffix}"`);

export async function refusals(t: TestContext, s: Shard): Promise<void> {
  const leader = await s.healthy();
  const [standby = '', other = ''] = s.others(leader);
  const remove = async (victims: string[], expected?: object): Promise<unknown> =>
    s.consensus(leader, 'UpdateConsensusRule', {
      operation: 'RULE_OPERATION_COHORT_REMOVE',
      standby_ids: victims.map((v) => s.id(v)),
      expected_outgoing_rule: expected ?? (await s.rule()).rule_number,
      coordinator_id: s.id(leader),
    });

  await t.test('a cohort change on an outdated rule is refused as UNKNOWN', async () => {
    const error = await errorOf(remove([standby], { coordinator_term: '0', leader_subterm: '1' }));
    assert.equal(error.code, 2);
    assert.match(error.details, /rule conflict: current rule version changed since last read/);
  });

  await t.test('a cohort change on a standby is refused as FAILED_PRECONDITION', async () => {
    const request = {
      operation: 'RULE_OPERATION_COHORT_REMOVE',
      standby_ids: [s.id(other)],
      expected_outgoing_rule: (await s.rule()).rule_number,
    };
    const error = await errorOf(s.consensus(standby, 'UpdateConsensusRule', request));
    assert.equal(error.code, 9);
    assert.match(
      error.details,
      /operation not allowed: the PostgreSQL instance is in standby mode/,
    );
    assert.match(error.details, named(s, standby));
  });

  await t.test('a cohort that cannot keep the policy is refused as INVALID_ARGUMENT', async () => {
    const error = await errorOf(remove([standby, other]));
    assert.equal(error.code, 3);
    assert.match(
      error.details,
      /cohort cannot achieve durability policy: durability not satisfied: 1 poolers, required 2/,
    );
    assert.equal((await s.cohort()).length, 3);
  });

  await t.test(
    'StopReplication on the leader and ResignLeadership on a standby are refused',
    async () => {
      const stop = await errorOf(
        s.manager(leader, 'StopReplication', {
          mode: 'REPLICATION_PAUSE_MODE_RECEIVER_ONLY',
          wait: true,
        }),
      );
      assert.equal(stop.code, 9);
      assert.match(
        stop.details,
        /operation not allowed: the PostgreSQL instance is not in standby mode/,
      );
      assert.match(stop.details, named(s, leader));
      const resign = await errorOf(s.manager(standby, 'ResignLeadership'));
      assert.equal(resign.code, 9);
      assert.match(
        resign.details,
        /operation not allowed: the PostgreSQL instance is in standby mode/,
      );
    },
  );

  await t.test('ReloadConfig confirms what is in the file and names what is not', async () => {
    const reload = (expected_settings: Record<string, string>) =>
      s.manager<{
        config_load_time?: { seconds?: string };
        mismatches?: { name?: string }[];
        needs_restart?: boolean;
      }>(standby, 'ReloadConfig', { expected_settings });
    assert.ok(Number((await reload({})).config_load_time?.seconds) > 0);
    assert.ok(Number((await reload({ shared_buffers: '32MB' })).config_load_time?.seconds) > 0);
    const missing = await reload({ shared_buffers: '33MB' });
    assert.equal(missing.config_load_time, undefined);
    assert.deepEqual(missing.mismatches, [{ name: 'shared_buffers' }]);
    assert.notEqual(missing.needs_restart, true);
  });

  await t.test(
    'a member taken out of the cohort while it streams comes back by itself',
    async () => {
      const before = await s.rule();
      await remove([standby]);
      await eventually(
        'back in the cohort',
        async () =>
          (await s.cohort()).length === 3 && subtermOf(await s.rule()) >= subtermOf(before) + 2,
      );
      await s.healthy();
    },
  );
}
