import type { KubeObject } from '../../schemas/k8s.ts';
import { LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import type { Shard } from '../../schemas/types.ts';
import { shardChildren, type ShardInput } from '../../controller/shard/desired/index.ts';
import { CONTEXT, IMAGES } from './desired.ts';

/** The part of a PodDisruptionBudget that the builders write. */
export interface BudgetSpec {
  minAvailable?: number;
  maxUnavailable?: number;
  selector: {
    matchLabels: Record<string, string>;
    matchExpressions?: { key: string; operator: 'In' | 'NotIn'; values: string[] }[];
  };
}

/** Whether a pod with these labels is under a budget, by the rules of label selectors. */
export const isUnder = (
  budget: KubeObject,
  labels: Readonly<Record<string, string>> = {},
): boolean => {
  const { matchLabels, matchExpressions = [] } = (budget.spec as BudgetSpec).selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(
      ({ key, operator, values }) => (operator === 'In') === values.includes(labels[key] ?? ''),
    )
  );
};

/** A shard of one pool. */
export interface Shape {
  cells: string[];
  replicasPerCell: number;
}

export const shardOf = ({ cells, replicasPerCell }: Shape): Shard => ({
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

/** Id of the first pooler of a cell. */
export const poolerIn = (cell: string): string =>
  names.poolerId(names.poolPod('c', 'postgres', 'default', '0-inf', 'main', cell, 0));

const PARTS = ['c', 'postgres', 'default', '0-inf'] as const;

/** The two budgets over a shard's poolers, in the order in which they are applied. */
export const poolBudgets = (shape: Shape, input: ShardInput = {}): KubeObject[] => {
  const wanted: string[] = [names.shardPdb(...PARTS), names.primaryPdb(...PARTS)];
  return shardChildren(shardOf(shape), input, CONTEXT).objects.filter(({ metadata }) =>
    wanted.includes(metadata.name),
  );
};
