import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAULTS } from '../../../hack/chaos/faults.ts';
import { unjustified } from '../../../hack/chaos/judge.ts';
import { seeded } from '../../../hack/chaos/random.ts';

const election = (at: number, term: number) => ({ at, pod: `pod-${term}`, term });

describe('chaos', () => {
  it('repeats itself for the same seed and not for another', () => {
    const draw = (seed: number): number[] => {
      const random = seeded(seed);
      return Array.from({ length: 20 }, () => random.between(1, 1000));
    };
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
    const numbers = Array.from({ length: 1000 }, (_, i) => seeded(i).between(3, 5));
    assert.deepEqual([...new Set(numbers)].toSorted(), [3, 4, 5]);
  });

  it('asks a reason for each election', () => {
    assert.deepEqual(unjustified([], 0), []);
    assert.deepEqual(unjustified([election(1_000, 2)], 1), []);
    assert.deepEqual(unjustified([election(1_000, 2)], 0), [election(1_000, 2)]);
    const late = election(60_000, 4);
    assert.deepEqual(unjustified([election(1_000, 2), election(9_000, 3), late], 1), [late]);
  });

  it('has faults of different names, some of them quick', () => {
    const names = FAULTS.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.equal(FAULTS.filter(({ short }) => short).length, 5);
  });
});
