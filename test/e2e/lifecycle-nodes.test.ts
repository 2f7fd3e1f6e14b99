/** Nodes are drained and the operator is replaced. */
import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as demo from '../../hack/lib/demo.ts';
import { workerNodes } from '../../hack/lib/nodes.ts';
import { ROOT } from '../../hack/lib/run.ts';
import { operatorImage } from '../../hack/lib/tools.ts';
import { drain, uncordon } from '../../hack/lifecycle/operations.ts';
import { podsOf } from '../../hack/lifecycle/world.ts';
import { prepareStage } from './stage.ts';
import { assertNoErrors, openStory, type Story } from './story.ts';

const MINUTE = 60_000;
let story: Story;

describe('nodes and upgrades under writes', () => {
  before(async () => {
    story = await openStory(await prepareStage({ reuse: true }));
  });
  after(async () => {
    await story?.close();
  });

  it('lets kubectl drain each worker in turn, and moves the primary before its pod goes', async () => {
    const { world } = story;
    for (const node of await workerNodes(world.kubectl)) {
      const outcome = await story.step(`drain of ${node}`, async () => {
        try {
          await drain(world, node, 3 * MINUTE);
        } finally {
          await uncordon(world, node);
        }
      });
      const on = outcome.before.pods.find(({ spec }) => spec?.nodeName === node);
      assert.ok(on, `no pool pod on ${node}`);
      assert.deepEqual(outcome.deleted, [on.metadata.name]);
      assertNoErrors(story, outcome);
      if (on.metadata.name !== outcome.leader) continue;
      const left = outcome.moments.find(({ deleting, gone }) => deleting || gone);
      const [elected] = outcome.elections;
      assert.ok(elected && left, 'the primary was not moved');
      assert.ok(elected.at <= left.at, 'the pod was evicted before another one led');
    }
  });

  it('restarts nothing of the data plane when the operator is upgraded', async () => {
    const { world, stage } = story;
    const pods = async (): Promise<string[]> =>
      (await podsOf(world))
        .map(({ metadata, status }) => {
          const restarts = (status?.containerStatuses ?? []).map((one) => one.restartCount);
          return `${metadata.name} ${metadata.uid} ${restarts.join()}`;
        })
        .toSorted();
    const old = await pods();
    const outcome = await story.step('upgrade of the operator', async () => {
      await appendFile(path.join(ROOT, 'dist/controller.mjs'), '\n// rebuilt\n');
      await appendFile(path.join(ROOT, 'dist/webhook.mjs'), '\n// rebuilt\n');
      const rebuilt = await operatorImage();
      assert.notEqual(rebuilt, stage.image);
      await demo.installOperator(stage.program, world.kubectl, rebuilt, stage.images);
    });
    assert.deepEqual(await pods(), old);
    assert.deepEqual([outcome.deleted, outcome.elections], [[], []]);
    assertNoErrors(story, outcome);
  });
});
