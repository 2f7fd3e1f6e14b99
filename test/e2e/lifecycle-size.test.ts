/** The announcement's scale 1 -> 2 -> 1, with a rolling change at its height. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../hack/lib/run.ts';
import { secondTag } from '../../hack/lib/nodes.ts';
import {
  changePoolImages,
  scale,
  untilPods,
  untilPoolImages,
} from '../../hack/lifecycle/operations.ts';
import { claimsOf } from '../../hack/lifecycle/world.ts';
import { prepareStage } from './stage.ts';
import { assertNoErrors, openStory, type Story } from './story.ts';

const MINUTE = 60_000;
let story: Story;

const dataClaims = async (): Promise<string[]> =>
  (await claimsOf(story.world))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith('data-') && !name.includes('topo'));

describe('scaling under writes', () => {
  before(async () => {
    story = await openStory(await prepareStage({ reuse: true }));
  });
  after(async () => {
    await story?.close();
  });

  it('scales up in all zones at once', async () => {
    const outcome = await story.step('scale 1 -> 2', async () => {
      await scale(story.world, 2);
      await untilPods(story.world, 6, 5 * MINUTE);
    });
    assert.equal(outcome.after.pods.length, 6);
    assert.deepEqual(outcome.deleted, []);
    assert.deepEqual(outcome.elections, []);
    assertNoErrors(story, outcome);
  });

  it('replaces six pods one at a time, and the primary last', async () => {
    const { world, stage } = story;
    const postgres = await secondTag(world.kubectl, stage.images.postgres, 'six');
    const outcome = await story.step(
      'image change, 3 x 2',
      async () => {
        const images = { postgres, multipooler: stage.images.multigres };
        await changePoolImages(world, images);
        await untilPoolImages(world, images, 6 * MINUTE);
      },
      6 * MINUTE,
    );
    assert.equal(new Set(outcome.deleted).size, 6);
    assert.equal(outcome.deleted.length, 6, 'a pod was replaced twice');
    assert.equal(outcome.deleted.at(-1), outcome.leader, 'the primary was not the last');
    assert.equal(outcome.elections.length, 1, JSON.stringify(outcome.elections));
    assertNoErrors(story, outcome);
  });

  it('scales down to where it came from, one standby at a time, with their volumes', async () => {
    const outcome = await story.step('scale 2 -> 1', async () => {
      await scale(story.world, 1);
      await untilPods(story.world, 3, 5 * MINUTE);
    });
    assert.equal(outcome.after.pods.length, 3);
    assert.equal(outcome.deleted.length, 3, outcome.deleted.join());
    assertNoErrors(story, outcome);
    await until('the volumes of the removed pods to go', MINUTE, async () =>
      (await dataClaims()).length === 3 ? true : undefined,
    );
  });
});
