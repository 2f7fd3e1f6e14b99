/** What happens to the processes when the topology or a multiorch is not there. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { topoKeys } from '../../../controller/topo/keys.ts';
import { errorOf, eventually, type Shard } from '../support/shard.ts';

const code = async (url: string): Promise<number> =>
  (await fetch(url, { signal: AbortSignal.timeout(5000) })).status;

export async function withoutDatabase(t: TestContext, s: Shard): Promise<void> {
  const leader = await s.healthy();
  const [victim = ''] = s.others(leader);
  const key = topoKeys.database(s.cluster.plan.root, 'postgres');
  const record = await s.topo.get(key);
  assert.ok(record);

  await t.test('the data path goes on without the Database record', async () => {
    await s.topo.delete(key);
    await s.sql("INSERT INTO contract (word) VALUES ('no record')");
    const names = await s.admin('GET', 'databases');
    assert.deepEqual(
      names.body,
      { names: ['postgres'] },
      'the claim below it keeps the name listed',
    );
    assert.equal((await s.admin('GET', 'databases/postgres')).status, 404);
  });

  await t.test('a pooler started then lives, is not ready and refuses gRPC', async () => {
    await s.cluster.stopPod(victim);
    await s.cluster.startPod(victim);
    await eventually(
      'alive',
      async () => (await code(`${s.cluster.http.pooler(victim)}/live`)) === 200,
    );
    assert.equal(await code(`${s.cluster.http.pooler(victim)}/ready`), 503);
    assert.equal((await errorOf(s.status(victim))).code, 14);
  });

  await t.test('it joins by itself once the record is written again', async () => {
    await s.topo.put(key, record.value);
    await s.healthy(undefined, 180_000);
    assert.equal(await code(`${s.cluster.http.pooler(victim)}/ready`), 200);
  });
}

export async function multiorchStops(t: TestContext, s: Shard): Promise<void> {
  await t.test(
    'a multiorch that is told to stop deletes its record; nothing else changes',
    async () => {
      const rule = (await s.rule()).rule_number;
      const key = topoKeys.orch(s.cluster.plan.root, 'zone-c', 'o-zone-c');
      const process = s.cluster.process('orch-zone-c');
      process.signal('SIGTERM');
      await process.gone(60_000);
      assert.equal(await s.topo.get(key), undefined);
      assert.deepEqual((await s.rule()).rule_number, rule);
      await s.cluster.start('orch-zone-c');
      await eventually('its record again', async () => (await s.topo.get(key)) !== undefined);
    },
  );
}
