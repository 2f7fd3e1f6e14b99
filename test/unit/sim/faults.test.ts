import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KINDS } from '../../../schemas/k8s.ts';
import { names } from '../../../schemas/names.ts';
import { forEveryEffect } from '../../support/sim/crash-points.ts';
import { World } from '../../support/sim/harness.ts';
import { NAMESPACE } from '../../support/sim/scenario.ts';

const OPTIONS = { cells: ['zone-a', 'zone-b', 'zone-c'], replicasPerCell: 1 };

const healthy = (seed = 1): Promise<World> => new World({ ...OPTIONS, seed }).beginHealthy();

/** Names of the primary and of its node. */
const primaryOf = (world: World): { pod: string; node: string } => {
  const pod = world.runtime.primary;
  const node = pod && world.nodes.pod(pod)?.spec?.nodeName;
  assert.ok(pod && node, 'nobody leads');
  return { pod, node };
};

/** Milliseconds of the world's time at which the operator last did this. */
const lastTime = (world: World, what: string): number => {
  const found = world.journal.effects.findLast((effect) => effect.what === what);
  assert.ok(found, `the operator never did: ${what}\n${world.story()}`);
  return found.atMs;
};

describe('a healthy shard', () => {
  it('gets a deleted primary back only after another pooler leads', async () => {
    const world = await healthy();
    const { pod } = primaryOf(world);
    world.nodes.deletePod(pod);
    await world.untilSteady();
    const election = world.runtime.ctx.elections.at(-1);
    assert.notEqual(election?.pod, pod);
    assert.ok(lastTime(world, `create Pod ${pod}`) >= (election?.atMs ?? Infinity));
    assert.equal(world.runtime.ctx.elections.length, 2);
    assert.ok(world.runtime.writer.longestPauseMs < 18_000);
  });

  it('gets a deleted primary back the same when the operator dies after any of its effects', async () => {
    const points = await forEveryEffect({
      options: { ...OPTIONS, seed: 2 },
      prepare: (world) => world.beginHealthy(),
      scenario: async (world) => {
        world.nodes.deletePod(primaryOf(world).pod);
        await world.run(1000);
        await world.untilSteady();
      },
    });
    assert.ok(points > 2, `only ${points} effects`);
  });

  it('builds a primary anew whose volume was lost, once another leads', async () => {
    const world = await healthy();
    const { pod } = primaryOf(world);
    const claim = {
      kind: KINDS.PersistentVolumeClaim,
      namespace: NAMESPACE,
      name: names.dataPvc(pod),
    };
    const { uid } = world.server.get(claim)?.metadata ?? {};
    world.server.delete(claim);
    world.nodes.deletePod(pod);
    await world.run(1000);
    await world.untilSteady();
    assert.notEqual(world.server.get(claim)?.metadata.uid, uid);
    assert.notEqual(world.runtime.primary, pod);
    assert.deepEqual(world.shard.cohortPods(), world.shard.wantedPods());
    assert.ok(world.runtime.writer.longestPauseMs < 18_000);
  });

  it('gets a deleted standby back at once', async () => {
    const world = await healthy();
    const { pod } = primaryOf(world);
    const [standby = ''] = world.shard.cohortPods().filter((name) => name !== pod);
    world.nodes.deletePod(standby);
    await world.untilSteady();
    assert.equal(world.runtime.primary, pod);
    assert.ok(world.runtime.writer.longestPauseMs < 1000);
  });

  it('outlives the loss of its primary while a standby that was stopped is out of the cohort', async () => {
    const world = await new World({ ...OPTIONS, removesIneligible: true }).beginHealthy();
    const { pod } = primaryOf(world);
    const [standby = ''] = world.shard.cohortPods().filter((name) => name !== pod);
    world.nodes.deletePod(standby);
    await world.until('the cohort is without it', () => world.runtime.cohort.length === 2);
    world.nodes.deletePod(pod);
    await world.run(1000);
    await world.untilSteady();
    assert.deepEqual(world.shard.cohortPods(), world.shard.wantedPods());
    assert.ok(world.runtime.writer.longestPauseMs < 20_000);
  });

  it('outlives kill -9 of its primary', async () => {
    const world = await healthy();
    world.nodes.crash(primaryOf(world).pod);
    await world.run(1000);
    await world.untilSteady();
  });

  it('outlives the loss of its primary’s node, and marks nobody dead whose node may return', async () => {
    const world = await healthy();
    const { node } = primaryOf(world);
    world.nodes.powerOff(node);
    await world.run(120_000);
    assert.ok(world.runtime.primary);
    assert.ok(world.runtime.writer.longestPauseMs < 40_000);
    world.nodes.powerOn(node);
    await world.untilSteady();
    assert.deepEqual(
      world.journal.effects.filter(({ of }) => of === 'topology'),
      [],
    );
  });

  it('marks a pooler dead only once its node is declared to be', async () => {
    const world = await healthy();
    const { node } = primaryOf(world);
    world.nodes.powerOff(node);
    await world.run(60_000);
    world.nodes.outOfService(node);
    await world.until('the member has left', () => world.runtime.cohort.length === 2);
    assert.equal(world.journal.effects.filter(({ of }) => of === 'topology').length, 1);
    world.nodes.powerOn(node);
    await world.run(10_000);
    world.nodes.outOfService(node, false);
    await world.untilSteady();
  });

  it('outlives a cut of the network around its primary', async () => {
    const world = await healthy();
    const { node } = primaryOf(world);
    world.nodes.cutOff(node);
    await world.run(90_000);
    assert.notEqual(primaryOf(world).node, node);
    world.nodes.heal(node);
    await world.untilSteady();
  });

  it('lets each node be drained in turn', async () => {
    const world = await healthy();
    for (const node of world.nodes.names) {
      const drain = world.nodes.drain(node);
      await world.until(`${node} is empty`, () => drain.done);
      world.nodes.cordon(node, false);
      await world.untilSteady();
    }
  });

  it('goes on when its topology server is away, and says so', async () => {
    const world = await healthy();
    world.runtime.ctx.etcd.available = false;
    await world.until('it is told', () => /cannot be read/.test(world.shard.status.message ?? ''));
    await world.run(30_000);
    assert.ok(world.runtime.writer.longestPauseMs < 1000);
    world.runtime.ctx.etcd.available = true;
    await world.untilSteady();
  });

  it('costs no writes while nothing happens, also after a restart of the operator', async () => {
    const world = await healthy();
    const before = world.journal.effects.length;
    await world.run(60_000);
    world.restartOperator();
    await world.run(60_000);
    assert.deepEqual(
      world.journal.effects.slice(before).map(({ what }) => what),
      [],
    );
  });
});
