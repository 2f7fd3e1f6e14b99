import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { controllerLease } from '../../../webhook/controller-lease.ts';
import { FakeClock } from '../../support/clock.ts';

function setup(lease: () => KubeObject | undefined) {
  const clock = new FakeClock();
  const warnings: object[] = [];
  let reads = 0;
  const age = controllerLease({
    kube: {
      get: async () => {
        reads++;
        return Promise.resolve(lease());
      },
    },
    clock,
    namespace: 'operators',
    name: 'multigres-operator.multigres.com',
    log: { warn: (fields) => warnings.push(fields) },
  });
  return { clock, age, warnings, reads: () => reads };
}

const renewed = (ms: number): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'x' },
  spec: { renewTime: new Date(ms).toISOString().replace(/Z$/, '000Z') },
});

describe('the age of the controller', () => {
  test('is the time since its lease was renewed', async () => {
    const { clock, age } = setup(() => renewed(clock.now() - 7000));
    assert.equal(await age(), 7000);
  });

  test('is never negative, also when the clock of the controller is ahead', async () => {
    const { clock, age } = setup(() => renewed(clock.now() + 7000));
    assert.equal(await age(), 0);
  });

  test('costs one read in five seconds, and one for those who ask at once', async () => {
    const { clock, age, reads } = setup(() => renewed(clock.now()));
    await Promise.all([age(), age(), age()]);
    await clock.advance(4000);
    assert.equal(await age(), 4000);
    assert.equal(reads(), 1);
    await clock.advance(1000);
    assert.equal(await age(), 0);
    assert.equal(reads(), 2);
  });

  test('is unknown without a lease, and while it cannot be read, which is logged', async () => {
    assert.equal(await setup(() => undefined).age(), undefined);
    let broken = true;
    const { clock, age, warnings } = setup(() => {
      if (broken) throw new Error('denied');
      return renewed(clock.now());
    });
    assert.equal(await age(), undefined);
    assert.equal(warnings.length, 1);
    broken = false;
    await clock.advance(1000);
    assert.equal(await age(), 0);
  });
});
