/** Moving and losing the leader. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  eventually,
  ruleOrder,
  subtermOf,
  termOf,
  type Problem,
  type Shard,
} from '../support/shard.ts';

const names = (ids: { name?: string }[] | undefined): string[] =>
  (ids ?? []).map((id) => id.name ?? '').toSorted();

/** Waits for a leader other than `old`, of a higher term. */
async function nextLeader(s: Shard, old: string, oldTerm: number): Promise<string> {
  return eventually('another leader', async () => {
    const leader = await s.leader();
    return leader !== old && termOf(await s.rule()) > oldTerm && leader;
  });
}

/** A view lags by a cycle: an earlier leader's resignation may still be listed. */
const isResignationOf =
  (leader: string) =>
  ({ code, pooler_id }: Problem): boolean =>
    code === 'LeaderResigned' && pooler_id?.name === `p-${leader}`;

/** What an orchestrator lists until another leads; undefined when that came about between two looks. */
async function listed(
  s: Shard,
  cell: string,
  isIt: (problem: Problem) => boolean,
  another: Promise<string>,
): Promise<Problem | undefined> {
  let led = false;
  const end = (): void => {
    led = true;
  };
  another.then(end, end);
  const seen = await eventually('a diagnosis, or another leader', async () =>
    led ? 'led' : (await s.shardStatus(cell)).problems?.find(isIt),
  );
  return seen === 'led' ? undefined : seen;
}

export async function planned(t: TestContext, s: Shard): Promise<void> {
  const old = await s.healthy();
  const term = termOf(await s.rule());
  await s.sql("INSERT INTO contract (word) VALUES ('before the switch')");

  await t.test('switch-primary answers when the old leader is a standby', async () => {
    // a leader elected a moment ago may be chosen again: nothing promises who is next
    const { status, body } = await s.admin('POST', 'shards/postgres/default/0-inf/switch-primary', {
      reason: 'contract',
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body, {
      oldLeaderId: { component: 'MULTIPOOLER', cell: s.cluster.pod(old).cell, name: `p-${old}` },
    });
  });

  await t.test('TriggerRecoveryNow ends the grace period that LeaderResigned began', async () => {
    const another = nextLeader(s, old, term);
    const problem = await listed(s, 'zone-a', isResignationOf(old), another);
    if (problem !== undefined) {
      assert.equal(problem.check_name, 'LeaderNeedsReplacement');
      assert.equal(problem.priority, 1000);
      assert.equal(problem.scope, 'Shard');
      assert.match(problem.description ?? '', /is stepping down$/);
      await s.orch('zone-a', 'TriggerRecoveryNow', { max_cycles: 1 });
    }
  });

  await t.test('the new rule has a higher term and the same cohort', async () => {
    const rule = await eventually('new rule', async () => {
      const now = await s.rule();
      return termOf(now) > term && now;
    });
    assert.equal((rule.cohort_members ?? []).length, s.suffixes.length);
    const leader = await s.healthy();
    assert.deepEqual(
      await s.sql("SELECT count(*)::int AS n FROM contract WHERE word = 'before the switch'"),
      [{ n: 1 }],
    );
    if (leader === old) return;
    const record = await s.record(old);
    assert.equal(record.routing_state?.role, 'ROUTING_ROLE_REPLICA');
    assert.equal(record.routing_state.rule, undefined);
  });
}

export async function stopped(t: TestContext, s: Shard): Promise<void> {
  const old = await s.healthy();
  const term = termOf(await s.rule());
  await t.test('SIGTERM of the leader leads to LeaderResigned and another leader', async () => {
    const elsewhere = s.cluster.plan.cells.find((c) => c !== s.cluster.pod(old).cell) ?? '';
    const another = nextLeader(s, old, term);
    const problem = listed(s, elsewhere, isResignationOf(old), another);
    await s.cluster.stopPod(old);
    assert.equal((await s.record(old)).lifecycle_status?.status, 'LIFECYCLE_SHUTDOWN');
    assert.equal((await s.record(old)).routing_state, undefined);
    await problem;
    await another;
  });
  await t.test('the old one is taken out of the cohort, and comes back as a standby', async () => {
    await eventually('out of the cohort', async () => !(await s.cohort()).includes(old));
    await s.sql("INSERT INTO contract (word) VALUES ('after SIGTERM')");
    await s.cluster.startPod(old);
    assert.notEqual(await s.healthy(), old);
  });
}

export async function killedLeader(t: TestContext, s: Shard): Promise<void> {
  const old = await s.healthy();
  const before = await s.rule();
  await s.sql("INSERT INTO contract (word) VALUES ('acknowledged')");
  const record = await s.record(old);

  await t.test(
    'kill -9 of the leader: the others elect after LeaderUnreachableByCohort',
    async () => {
      await s.cluster.killPod(old);
      await eventually('57P03', async () => {
        const { code, message } = await s.sql('SELECT 1').then(
          () => ({ code: '', message: '' }),
          (error: { code: string; message: string }) => error,
        );
        return code === '57P03' && message === 'no writable primary is currently available';
      });
      const cell = s.cluster.plan.cells.find((c) => c !== s.cluster.pod(old).cell) ?? '';
      const another = nextLeader(s, old, termOf(before));
      const isIt = ({ code }: Problem): boolean => code === 'LeaderUnreachableByCohort';
      const seen = await listed(s, cell, isIt, another);
      if (seen !== undefined) {
        assert.equal(seen.check_name, 'LeaderNeedsReplacement');
        assert.equal(seen.priority, 1000);
      }
      const leader = await another;
      const rule = await s.rule();
      assert.ok(ruleOrder(rule, before) > 0);
      assert.equal(subtermOf(rule), 0);
      assert.deepEqual(names(rule.cohort_members), names(before.cohort_members));
      await eventually(
        'its record',
        async () => (await s.record(leader)).routing_state?.role === 'ROUTING_ROLE_PRIMARY',
      );
    },
  );

  await t.test(
    "the dead leader's record is still PRIMARY, with the lower rule; no acknowledged row is lost",
    async () => {
      assert.deepEqual(await s.record(old), record);
      await eventually('row', async () => {
        const rows = await s.sql(
          "SELECT count(*)::int AS n FROM contract WHERE word = 'acknowledged'",
        );
        assert.deepEqual(rows, [{ n: 1 }]);
        return true;
      });
    },
  );

  await t.test('started again it becomes a standby of the new leader', async () => {
    await s.cluster.startPod(old);
    assert.notEqual(await s.healthy(), old);
    assert.equal((await s.record(old)).routing_state?.role, 'ROUTING_ROLE_REPLICA');
  });
}
