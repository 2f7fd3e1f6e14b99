/** Pods are replaced one at a time, the primary last, when the desired pod changes; settings follow. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { secondTag } from '../../hack/lib/nodes.ts';
import { until } from '../../hack/lib/run.ts';
import { podSql } from '../../hack/ledger/read-back.ts';
import { LEDGER_TABLE } from '../../hack/ledger/records.ts';
import { lostRows } from '../../hack/ledger/verify.ts';
import {
  changePoolImages,
  setPostgres,
  switchOver,
  untilPoolImages,
} from '../../hack/lifecycle/operations.ts';
import { leaderOf, look } from '../../hack/lifecycle/truth.ts';
import { poolPods, shardOf } from '../../hack/lifecycle/world.ts';
import { prepareStage } from './stage.ts';
import { assertNoErrors, identities, openStory, type Story } from './story.ts';

const MINUTE = 60_000;
let story: Story;

/** Waits until Postgres of every pool pod has this value. */
async function untilShown(name: string, value: string, timeoutMs: number): Promise<void> {
  await until(`${name} = ${value} in every Postgres`, timeoutMs, async () => {
    const shown = await shownBy(name);
    return Object.values(shown).every((one) => one === value) ? true : undefined;
  });
}

async function shownBy(name: string): Promise<Record<string, string>> {
  const { kubectl, namespace } = story.world;
  const shown = (await poolPods(story.world)).map(async ({ metadata: { name: pod } }) => [
    pod,
    await podSql(kubectl, namespace, pod, `SHOW ${name}`),
  ]);
  return Object.fromEntries(await Promise.all(shown)) as Record<string, string>;
}

describe('rolling changes under writes', () => {
  before(async () => {
    story = await openStory(await prepareStage({ reuse: true }));
  });
  after(async () => {
    await story?.close();
  });

  it('would notice a single lost row', async () => {
    const { world, ledger } = story;
    const { kubectl, namespace } = world;
    const leader = leaderOf(await look(world));
    const sql = (text: string): Promise<string> => podSql(kubectl, namespace, leader, text);
    const row = await sql(
      `DELETE FROM ${LEDGER_TABLE} WHERE ctid = (SELECT ctid FROM ${LEDGER_TABLE} WHERE run = '${ledger.run}' AND seq > 3 LIMIT 1) RETURNING client, seq`,
    );
    const [client = '', seq = ''] = row.split('|');
    const lost = lostRows(await ledger.verify());
    assert.equal(lost.length, 3, lost.join('; '));
    for (const text of lost)
      assert.match(text, new RegExp(`lacks rows ${seq} of client ${client}$`));
    await sql(`INSERT INTO ${LEDGER_TABLE} VALUES ('${ledger.run}', ${client}, ${seq})`);
    assert.deepEqual(lostRows(await ledger.verify()), []);
  });

  it('replaces each pod once for a new image, and the primary last', async () => {
    const { world, stage } = story;
    const { images } = stage;
    const postgres = await secondTag(world.kubectl, images.postgres, 'again');
    const multipooler = await secondTag(world.kubectl, images.multigres, 'again');
    const outcome = await story.step('image change, 3 x 1', async () => {
      await changePoolImages(world, { postgres, multipooler });
      await untilPoolImages(world, { postgres, multipooler }, 5 * MINUTE);
    });
    assert.deepEqual(outcome.deleted.toSorted(), Object.keys(await identities(world)).toSorted());
    assert.equal(outcome.deleted.at(-1), outcome.leader, 'the primary was not the last');
    assert.equal(outcome.elections.length, 1, JSON.stringify(outcome.elections));
    assertNoErrors(story, outcome);
  });

  it('reloads a setting without touching a pod', async () => {
    const { world } = story;
    const old = await identities(world);
    const outcome = await story.step('reload of work_mem', async () => {
      await setPostgres(world, 'work_mem', '9MB');
      await untilShown('work_mem', '9MB', 3 * MINUTE);
    });
    assert.deepEqual(await identities(world), old);
    assert.deepEqual(outcome.elections, []);
    assertNoErrors(story, outcome);
  });

  it('restarts Postgres for a setting that needs it, one pod at a time', async () => {
    const { world } = story;
    const [old] = Object.values(await shownBy('max_connections'));
    const outcome = await story.step('higher max_connections', async () => {
      await setPostgres(world, 'max_connections', `${Number(old) + 20}`);
      await untilShown('max_connections', `${Number(old) + 20}`, 5 * MINUTE);
    });
    assertNoErrors(story, outcome);
  });

  it('keeps serving when max_connections is lowered, and says what became of it', async () => {
    const { world } = story;
    const [high = ''] = Object.values(await shownBy('max_connections'));
    const old = await identities(world);
    await setPostgres(world, 'max_connections', `${Number(high) - 10}`);
    const said = await until('the status to name max_connections', 2 * MINUTE, async () => {
      const { status } = await shardOf(world);
      const texts = [
        status?.postgresConfig?.error,
        ...(status?.conditions ?? []).map(({ message }) => message),
      ];
      return texts.find((text) => text?.includes('max_connections'));
    });
    assert.match(said, /max_connections/);
    // a change after it passes through the same pods: whatever would restart them has had its turn
    const outcome = await story.step('lowered max_connections', async () => {
      await setPostgres(world, 'work_mem', '10MB');
      await untilShown('work_mem', '10MB', 3 * MINUTE);
    });
    assert.deepEqual(await identities(world), old);
    assert.deepEqual(outcome.elections, []);
    assert.deepEqual([...new Set(Object.values(await shownBy('max_connections')))], [high]);
    assertNoErrors(story, outcome);
    await setPostgres(world, 'max_connections', high);
    await until('the status to be content again', 2 * MINUTE, async () => {
      const { status } = await shardOf(world);
      return status?.postgresConfig?.error ? undefined : true;
    });
  });

  it('moves the primary on demand and tells who, when and for how long', async () => {
    const { world } = story;
    const outcome = await story.step('switchover', async ({ poolers: seen }) => {
      const old = seen.find(({ primary }) => primary)?.pod;
      const answer = await switchOver(world, 2 * MINUTE);
      assert.equal(answer.from, old, JSON.stringify(answer));
      assert.notEqual(answer.to, old);
      assert.ok((answer.pausedMs ?? -1) >= 0, JSON.stringify(answer));
      assert.equal(leaderOf(await look(world)), answer.to);
    });
    assert.equal(outcome.elections.length, 1, JSON.stringify(outcome.elections));
    assert.deepEqual(outcome.deleted, []);
    assertNoErrors(story, outcome);
  });
});
