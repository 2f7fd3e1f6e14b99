/** Which orchestrators are of use for an election that is to be fast; which pods have to be made anew. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cellsLosingTheirOrchestrator,
  whyReplace,
} from '../../../controller/shard/state/health.ts';
import type { ShardState } from '../../../controller/shard/state/state.ts';
import type { Pod } from '../../../schemas/k8s.ts';
import { LABELS } from '../../../schemas/labels.ts';
import { NOW, stateOf } from '../../support/shard-world.ts';

const orch = (cell: string, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `orch-${cell}`, labels: { [LABELS.cell]: `zone-${cell}` }, ...metadata },
  spec: { nodeName: `node-${cell}`, containers: [] },
});

const state = (orchPods: Pod[]): Pick<ShardState, 'objects'> => {
  const { objects } = stateOf({
    healthy: ['a', 'b', 'c'],
    nodes: { 'node-b': { cordoned: true } },
  });
  return { objects: { ...objects, orchPods } };
};

describe('orchestrators that are about to go', () => {
  it('are those on a cordoned node and those that end', () => {
    const ending = orch('c', { deletionTimestamp: '2026-01-02T03:04:05Z' });
    const cells = cellsLosingTheirOrchestrator(state([orch('a'), orch('b'), ending]));
    assert.deepEqual([...cells], ['zone-b', 'zone-c']);
  });

  it('are none in a shard at rest', () => {
    assert.deepEqual([...cellsLosingTheirOrchestrator(state([orch('a'), orch('c')]))], []);
  });
});

describe('a volume that has grown', () => {
  const after = (seconds: number): string[] => {
    const shard = stateOf({ healthy: ['a', 'b', 'c'] });
    const member = shard.members[0] ?? assert.fail();
    const lastTransitionTime = new Date(NOW - seconds * 1000).toISOString();
    const conditions = [{ type: 'FileSystemResizePending', status: 'True', lastTransitionTime }];
    Object.assign(member.claim ?? assert.fail(), { status: { conditions } });
    return whyReplace(shard, member);
  };

  it('is left to the kubelet for two minutes', () => assert.deepEqual(after(115), []));

  it('is mounted anew when that did not help', () =>
    assert.deepEqual(after(125), ['its volume has grown and has to be mounted anew']));
});
