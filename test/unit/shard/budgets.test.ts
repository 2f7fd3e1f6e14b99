import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasReadyPrimary } from '../../../controller/shard/desired/budgets.ts';
import { shardChildren, type ShardInput } from '../../../controller/shard/desired/index.ts';
import type { Pod } from '../../../schemas/k8s.ts';
import { LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { BudgetSpec } from '../../support/budgets.ts';
import { CONTEXT, IMAGES } from '../../support/desired.ts';

interface Shape {
  cells: string[];
  replicasPerCell: number;
}

const shardOf = ({ cells, replicasPerCell }: Shape): Shard => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'Shard',
  metadata: { name: 's', namespace: 'n', labels: { [LABELS.cluster]: 'c' } },
  spec: {
    databaseName: 'postgres',
    tableGroupName: 'default',
    shardName: '0-inf',
    images: IMAGES,
    globalTopoServer: { address: 'etcd:2379', rootPath: '/m', implementation: 'etcd' },
    multiorch: {},
    postgresPasswordSecretRef: { name: 'pw', key: 'password' },
    pools: { main: { cells, replicasPerCell } },
  },
});

/** `minAvailable` of the standbys' budget and of the primary's. */
const budgetsOf = (shape: Shape, input: ShardInput = {}): (number | undefined)[] => {
  const { objects } = shardChildren(shardOf(shape), input, CONTEXT);
  const numberOf = (name: string): number | undefined => {
    const budget = objects.find(
      ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === name,
    );
    return (budget?.spec as BudgetSpec | undefined)?.minAvailable;
  };
  const parts = ['c', 'postgres', 'default', '0-inf'] as const;
  return [numberOf(names.shardPdb(...parts)), numberOf(names.primaryPdb(...parts))];
};

const THREE: Shape = { cells: ['a', 'b', 'c'], replicasPerCell: 1 };
const SIX: Shape = { cells: ['a', 'b', 'c'], replicasPerCell: 2 };

test('evictions go one at a time, and never the primary', () => {
  const rows: [what: string, shape: Shape, standbys: number, primary: number][] = [
    ['one: nowhere to move to, so its node can be drained', { cells: ['a'], replicasPerCell: 1 }, 0, 0], // prettier-ignore
    ['two: the standby may go', { cells: ['a'], replicasPerCell: 2 }, 0, 1],
    ['three: one of two standbys', THREE, 1, 1],
    ['four: one of three', { cells: ['a', 'b'], replicasPerCell: 2 }, 2, 1],
    ['six: one of five', SIX, 4, 1],
  ];
  for (const [what, shape, ...numbers] of rows) assert.deepEqual(budgetsOf(shape), numbers, what);
});

test('while no ready pod is labelled primary, the standbys have the number of the whole shard', () => {
  for (const shape of [THREE, SIX, { cells: ['a'], replicasPerCell: 2 }]) {
    const total = shape.cells.length * shape.replicasPerCell;
    assert.deepEqual(budgetsOf(shape, { noReadyPrimary: true }), [total - 1, 1]);
  }
});

test('pods beyond the specification count, each pooler once', () => {
  const surplus = [
    { id: 'p-extra', cell: 'a' },
    { id: names.poolerId(names.poolPod('c', 'postgres', 'default', '0-inf', 'main', 'a', 0)), cell: 'a' }, // prettier-ignore
  ];
  assert.deepEqual(budgetsOf(THREE, { surplus }), [2, 1]);
});

test('a primary counts while it is ready and stays', () => {
  const pod = (role: string, ready: string, deleted = false): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      labels: { [LABELS.role]: role },
      ...(deleted && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  const { primary, replica } = POD_ROLES;
  assert.equal(hasReadyPrimary([pod(replica, 'True'), pod(primary, 'True')]), true);
  assert.equal(hasReadyPrimary([pod(primary, 'False')]), false);
  assert.equal(hasReadyPrimary([pod(primary, 'True', true)]), false);
  assert.equal(hasReadyPrimary([pod(replica, 'True')]), false);
});
