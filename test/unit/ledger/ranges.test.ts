import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { countOf, rangesOf, textOf, without } from '../../../hack/ledger/ranges.ts';

const numbers = fc.array(fc.integer({ min: 1, max: 60 }));
const expand = (ranges: readonly (readonly [number, number])[]): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

describe('ranges of row numbers', () => {
  it('keep the numbers, sorted and each once', () => {
    fc.assert(
      fc.property(numbers, (all) => {
        const ranges = rangesOf(all);
        const wanted = [...new Set(all)].toSorted((a, b) => a - b);
        assert.deepEqual(expand(ranges), wanted);
        assert.equal(countOf(ranges), wanted.length);
      }),
    );
  });

  it('lose exactly what is taken', () => {
    fc.assert(
      fc.property(numbers, numbers, (all, taken) => {
        const left = without(rangesOf(all), rangesOf(taken));
        const gone = new Set(taken);
        assert.deepEqual(
          expand(left),
          [...new Set(all)].filter((n) => !gone.has(n)).toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('are told briefly', () => {
    assert.equal(textOf(rangesOf([4, 1, 2, 3, 9])), '1-4,9');
  });
});
