import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deletions, disruptions, together } from '../../../hack/witness/disruption.ts';
import type { PodMoment } from '../../../hack/witness/pods.ts';

const moment = (at: number, pod: string, state: Partial<PodMoment> = {}): PodMoment => ({
  ...{ at, pod, uid: `${pod}-1`, gone: false, deleting: false, ready: true, phase: 'Running' },
  ...{ restarts: 0, ...state },
});
const replaced = (pod: string, from: number, to: number): PodMoment[] => [
  moment(from, pod, { deleting: true }),
  moment(from + 1, pod, { gone: true, ready: false }),
  moment(from + 2, pod, { uid: `${pod}-2`, ready: false, phase: 'Pending' }),
  moment(to, pod, { uid: `${pod}-2` }),
];

describe('disruption of pods', () => {
  it('lasts from the deletion until the new pod is ready', () => {
    const moments = [moment(1, 'a'), ...replaced('a', 10, 20)];
    assert.deepEqual(disruptions(moments), [{ pod: 'a', from: 10, to: 20 }]);
  });

  it('is not the start of a pod that was never ready', () => {
    const moments = [moment(1, 'a', { ready: false, phase: 'Pending' }), moment(5, 'a')];
    assert.deepEqual(disruptions(moments), []);
  });

  it('is seen when two pods overlap, and not when they follow each other', () => {
    const begin = [moment(1, 'a'), moment(1, 'b')];
    const overlap = disruptions([...begin, ...replaced('a', 10, 20), ...replaced('b', 15, 30)]);
    assert.equal(together(overlap).length, 1);
    const apart = disruptions([...begin, ...replaced('a', 10, 20), ...replaced('b', 20, 30)]);
    assert.deepEqual(together(apart), []);
    const open = disruptions([
      ...begin,
      moment(10, 'a', { deleting: true }),
      ...replaced('b', 40, 50),
    ]);
    assert.equal(together(open).length, 1);
  });

  it('is over once a pod that is not asked for any more is gone', () => {
    const gone = [
      moment(1, 'a'),
      moment(1, 'b'),
      moment(10, 'a', { deleting: true }),
      moment(12, 'a', { gone: true, ready: false }),
      ...replaced('b', 20, 30),
    ];
    assert.equal(together(disruptions(gone)).length, 1);
    assert.deepEqual(together(disruptions(gone, new Set(['b']))), []);
    assert.deepEqual(disruptions(gone, new Set(['b'])), [
      { pod: 'a', from: 10, to: 12 },
      { pod: 'b', from: 20, to: 30 },
    ]);
  });

  it('tells the order of deletions, each pod object once', () => {
    const moments = [
      moment(1, 'a'),
      moment(1, 'b'),
      ...replaced('b', 5, 9),
      ...replaced('a', 10, 20),
    ];
    assert.deepEqual(deletions(moments), [
      { pod: 'b', at: 5 },
      { pod: 'a', at: 10 },
    ]);
  });
});
