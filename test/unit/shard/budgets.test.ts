import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readyPrimaries } from '../../../controller/shard/desired/budgets.ts';
import { shardChildren, type ShardInput } from '../../../controller/shard/desired/index.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import {
  isUnder,
  poolBudgets,
  poolerIn,
  shardOf,
  type BudgetSpec,
  type Shape,
} from '../../support/budgets.ts';
import { CONTEXT } from '../../support/desired.ts';

const operatorOf = ({ spec }: KubeObject): string | undefined =>
  (spec as BudgetSpec).selector.matchExpressions?.[0]?.operator;

/** `minAvailable` of the standbys' budget and of the primary's. */
const numbersOf = (shape: Shape, input: ShardInput = {}): (number | undefined)[] => {
  const budgets = poolBudgets(shape, input);
  return ['NotIn', 'In'].map((operator) => {
    const found = budgets.find((budget) => operatorOf(budget) === operator);
    return (found?.spec as BudgetSpec | undefined)?.minAvailable;
  });
};

const THREE: Shape = { cells: ['a', 'b', 'c'], replicasPerCell: 1 };
const SIX: Shape = { cells: ['a', 'b', 'c'], replicasPerCell: 2 };
const TWO: Shape = { cells: ['a'], replicasPerCell: 2 };
const ONE: Shape = { cells: ['a'], replicasPerCell: 1 };

test('evictions go one at a time, and never the primary', () => {
  const rows: [what: string, shape: Shape, standbys: number][] = [
    ['two: the standby may go', TWO, 0],
    ['three: one of two standbys', THREE, 1],
    ['four: one of three', { cells: ['a', 'b'], replicasPerCell: 2 }, 2],
    ['six: one of five', SIX, 4],
  ];
  for (const [what, shape, standbys] of rows) {
    assert.deepEqual(numbersOf(shape, { primaries: [poolerIn('a')] }), [standbys, 1], what);
  }
});

test('a single pooler has nowhere to move to: its node can be drained', () => {
  const budgets = poolBudgets(ONE, { primaries: [poolerIn('a')] });
  const [pod] = shardChildren(shardOf(ONE), {}, CONTEXT).pods;
  const over = budgets.filter((budget) => isUnder(budget, pod?.pod.metadata.labels));
  assert.deepEqual(
    over.map(({ spec }) => (spec as BudgetSpec).minAvailable),
    [0],
  );
});

test('while no primary is ready, all are under one budget, with the number of the whole shard', () => {
  for (const shape of [THREE, SIX, TWO]) {
    const total = shape.cells.length * shape.replicasPerCell;
    assert.deepEqual(numbersOf(shape), [total - 1, 1]);
    const { pods } = shardChildren(shardOf(shape), {}, CONTEXT);
    for (const { pod } of pods) {
      const over = poolBudgets(shape).filter((budget) => isUnder(budget, pod.metadata.labels));
      assert.deepEqual(over.map(operatorOf), ['NotIn']);
    }
  }
});

test('each pod is under one budget, and the primary under its own', () => {
  for (const primaries of [[], [poolerIn('a')], [poolerIn('a'), poolerIn('c')]]) {
    const budgets = poolBudgets(SIX, { primaries });
    for (const { pod, serviceId } of shardChildren(shardOf(SIX), {}, CONTEXT).pods) {
      const over = budgets.filter((budget) => isUnder(budget, pod.metadata.labels));
      assert.deepEqual(over.map(operatorOf), [primaries.includes(serviceId) ? 'In' : 'NotIn']);
    }
  }
});

test('while the primary moves both are kept, who leads is never without a budget, and still one may go', () => {
  const both = [poolerIn('a'), poolerIn('b')];
  assert.deepEqual(numbersOf(THREE, { primaries: both }), [0, 2]);
  const steps = [[poolerIn('a')], both, [poolerIn('b')], []];
  const { pods } = shardChildren(shardOf(THREE), {}, CONTEXT);
  const live = new Map(poolBudgets(THREE).map((budget) => [budget.metadata.name, budget]));
  for (const primaries of steps) {
    for (const budget of poolBudgets(THREE, { primaries })) {
      live.set(budget.metadata.name, budget);
      for (const { pod, serviceId } of pods) {
        const over = [...live.values()].filter((one) => isUnder(one, pod.metadata.labels));
        const mayBeFree = serviceId === poolerIn('a') || primaries.length === 0;
        assert.ok(mayBeFree || over.length > 0, serviceId);
      }
    }
  }
});

test('pods beyond the specification count, each pooler once', () => {
  const poolers = [
    { id: 'p-extra', cell: 'a' },
    { id: poolerIn('a'), cell: 'a' },
  ];
  assert.deepEqual(numbersOf(THREE, { poolers, primaries: [poolerIn('b')] }), [2, 1]);
});

test('a primary counts while it is ready and stays', () => {
  const pod = (name: string, role: string, ready: string, more: object = {}): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { [LABELS.role]: role, [LABELS.pooler]: name }, ...more },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  const { primary, replica } = POD_ROLES;
  const pods = [
    pod('new', primary, 'True'),
    pod('standby', replica, 'True'),
    pod('dead', primary, 'False'),
    pod('going', primary, 'True', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    pod('unknown', primary, 'True', { labels: { [LABELS.role]: primary } }),
    pod('a', primary, 'True'),
  ];
  assert.deepEqual(readyPrimaries(pods), ['a', 'new']);
});
