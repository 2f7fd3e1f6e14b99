/** Which orchestrators are of use for an election that is to be fast. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellsLosingTheirOrchestrator } from '../../../controller/shard/state/health.ts';
import type { ShardState } from '../../../controller/shard/state/state.ts';
import type { Pod } from '../../../schemas/k8s.ts';
import { LABELS } from '../../../schemas/labels.ts';
import { stateOf } from '../../support/shard-world.ts';

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
