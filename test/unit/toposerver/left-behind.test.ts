import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TopologyUse } from '../../../controller/toposerver/left-behind.ts';
import { mayRemoveTopology } from '../../../controller/toposerver/left-behind.ts';

const use = (change: Partial<TopologyUse> = {}): TopologyUse => ({
  name: 'demo-global-topo',
  wanted: false,
  ours: true,
  references: [],
  pods: [],
  recorded: false,
  ...change,
});

describe('an etcd that is left behind', () => {
  it('may go when nothing uses it', () => {
    assert.deepEqual(mayRemoveTopology(use()), { ok: true });
  });

  const refusals: [string, Partial<TopologyUse>, RegExp][] = [
    ['is asked for', { wanted: true }, /asks for demo-global-topo/],
    ['is of somebody else', { ours: false }, /not made for this cluster/],
    ['an object names', { references: ['Shard s'] }, /Shard s still name its address/],
    ['a record names', { recorded: true }, /record of its cell/],
    ['pods started with', { pods: ['a', 'b', 'c', 'd', 'e'] }, /: a, b, c and 2 more$/],
  ];
  for (const [what, change, reason] of refusals) {
    it(`stays when it ${what}`, () => {
      const decision = mayRemoveTopology(use(change));
      assert.ok(!decision.ok);
      assert.match(decision.refusal, reason);
    });
  }
});
