/** A deleted cluster comes back with its rows when its volumes were kept, and leaves nothing when they were not. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as demo from '../../hack/lib/demo.ts';
import { until } from '../../hack/lib/run.ts';
import { lostRows } from '../../hack/ledger/verify.ts';
import { mergeSpec, setPostgres } from '../../hack/lifecycle/operations.ts';
import { leaderOf, look, untilWhole } from '../../hack/lifecycle/truth.ts';
import { podSql } from '../../hack/ledger/read-back.ts';
import { claimsOf, inNamespace, podsOf } from '../../hack/lifecycle/world.ts';
import { prepareStage } from './stage.ts';
import { openStory, type Story } from './story.ts';

const MINUTE = 60_000;
const SHOW = 'SHOW max_connections';
let story: Story;

describe('deletion and return', () => {
  before(async () => {
    story = await openStory(await prepareStage({ reuse: true }));
  });
  after(async () => {
    await story?.close();
  });

  it('keeps the volumes of a deleted cluster when told to, and comes back with the old rows', async () => {
    const { world, ledger } = story;
    const leader = leaderOf(await look(world));
    const connections = await podSql(world.kubectl, world.namespace, leader, SHOW);
    await mergeSpec(world, { pvcDeletionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } });
    await until('no claim to be owned by what will be deleted', MINUTE, async () =>
      (await claimsOf(world)).every(({ metadata }) => !metadata.ownerReferences?.length)
        ? true
        : undefined,
    );
    const claims = (await claimsOf(world)).map(({ metadata }) => metadata.uid).toSorted();
    await inNamespace(world, 'delete', 'mgc', world.cluster, '--timeout=180s');
    await until('the pods to go', 2 * MINUTE, async () =>
      (await podsOf(world)).length === 0 ? true : undefined,
    );
    const kept = (await claimsOf(world)).map(({ metadata }) => metadata.uid).toSorted();
    assert.deepEqual(kept, claims);
    await demo.applyDemo(world.kubectl);
    // less than the data was written with: no standby would start with it
    await setPostgres(world, 'max_connections', '50');
    const back = await untilWhole(world, 6 * MINUTE);
    await ledger.untilWriting(2 * MINUTE);
    const checked = await ledger.verify();
    assert.deepEqual(lostRows(checked), []);
    assert.equal(checked.copies.length, back.pods.length);
    for (const { metadata } of back.pods) {
      const shown = await podSql(world.kubectl, world.namespace, metadata.name, SHOW);
      assert.equal(shown, connections, metadata.name);
    }
    await mergeSpec(world, { pvcDeletionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } });
    await until('the claims to be owned again', MINUTE, async () =>
      (await claimsOf(world)).some(({ metadata }) => metadata.ownerReferences?.length)
        ? true
        : undefined,
    );
  });

  it('removes everything when told to', async () => {
    const { world } = story;
    await inNamespace(world, 'delete', 'mgc', world.cluster, '--timeout=240s');
    await until('nothing to be left', 3 * MINUTE, async () => {
      const left = [...(await podsOf(world)), ...(await claimsOf(world))];
      return left.length === 0 ? true : undefined;
    });
  });
});
