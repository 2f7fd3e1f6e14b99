import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KINDS } from '../../../schemas/k8s.ts';
import { forEveryEffect } from '../../support/sim/crash-points.ts';
import { World } from '../../support/sim/harness.ts';
import { isWrite, type Failure } from '../../support/sim/kube/faults.ts';
import { NAMESPACE, PASSWORD, passwordSecret, type Shape } from '../../support/sim/scenario.ts';

const THREE = ['zone-a', 'zone-b', 'zone-c'];

const SHAPES: Record<string, Shape> = {
  'three cells of one': { cells: THREE, replicasPerCell: 1 },
  'two cells of one': { cells: THREE.slice(0, 2), replicasPerCell: 1 },
  'three cells of two': { cells: THREE, replicasPerCell: 2 },
  'two cells of two that must confirm in another cell': {
    cells: THREE.slice(0, 2),
    replicasPerCell: 2,
    policy: 'MULTI_CELL_AT_LEAST_2',
  },
};

describe('a new shard', () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    it(`of ${name} becomes healthy`, async () => {
      const world = new World(shape).begin();
      await world.untilSteady(60_000);
      assert.equal(world.shard.cohortPods().length, shape.cells.length * shape.replicasPerCell);
      assert.ok(world.runtime.writer.writes);
      assert.equal(world.runtime.ctx.elections.length, 1);
    });
  }

  it('makes no pod while a Secret is missing, and says which', async () => {
    const world = new World({ cells: THREE, replicasPerCell: 1 }).begin();
    const secret = { kind: KINDS.Secret, namespace: NAMESPACE, name: PASSWORD };
    world.server.remove(secret);
    await world.until(
      'it is told',
      () => world.shard.condition('SecretsReady')?.status === 'False',
    );
    await world.run(30_000);
    assert.match(world.shard.condition('SecretsReady')?.message ?? '', /"password" does not exist/);
    assert.deepEqual(world.shard.pods(), []);
    world.server.create(KINDS.Secret, passwordSecret());
    await world.untilSteady(60_000);
  });

  it('waits for its topology', async () => {
    const world = new World({ cells: THREE, replicasPerCell: 1 });
    world.runtime.ctx.etcd.available = false;
    world.begin();
    await world.run(60_000);
    assert.match(world.shard.status.message ?? '', /topology at topo:2379 cannot be read/);
    world.runtime.ctx.etcd.available = true;
    await world.untilSteady(90_000);
  });

  it('is brought up from old copies', async () => {
    const world = new World({ cells: THREE, replicasPerCell: 1, watchMs: 1500 }).begin();
    await world.untilSteady(90_000);
  });

  const failures: Failure[] = [
    { status: 409, reason: 'Conflict' },
    { status: 429, retryAfterS: 1 },
    { status: 500, message: 'etcdserver: leader changed' },
    'no-answer',
    'lost-answer',
    'hang-after-effect',
  ];
  for (const failure of failures) {
    it(`is brought up although a third of all writes fails with ${JSON.stringify(failure)}`, async () => {
      const world = new World({ cells: THREE.slice(0, 2), replicasPerCell: 1 });
      let seen = 0;
      const heal = world.faults.add({
        when: (request) => isWrite(request) && (seen += 1) % 3 === 0,
        failure,
        times: Infinity,
      });
      world.begin();
      await world.run(60_000);
      heal();
      await world.untilSteady(300_000);
    });
  }

  it('comes up the same when the operator dies after any of its effects', async () => {
    const points = await forEveryEffect({
      options: { cells: THREE.slice(0, 2), replicasPerCell: 1 },
      scenario: (world) => world.beginHealthy(),
    });
    assert.ok(points > 25, `only ${points} effects`);
  });
});
