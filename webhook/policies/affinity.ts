import { COMPONENTS, LABELS, standardLabels } from '../../schemas/labels.ts';
import type { Affinity } from '../../schemas/k8s.ts';
import type { ShardView } from './locate.ts';

export const HOST = 'kubernetes.io/hostname';

interface Expression {
  key: string;
  operator: string;
  values?: string[];
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: Expression[];
}

interface Term {
  topologyKey?: string;
  labelSelector?: Selector;
}

function termsOf(affinity: Affinity | undefined): readonly Term[] {
  const { podAntiAffinity } = (affinity ?? {}) as {
    podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: Term[] };
  };
  return podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Whether it requires pods to keep apart at all, from whichever. */
export const keepsApart = (affinity: Affinity | undefined): boolean => termsOf(affinity).length > 0;

/** Topology keys by which the poolers of a pool must differ from pods with the labels asked for. */
export function requiredKeys(
  affinity: Affinity | undefined,
  labels: () => Readonly<Record<string, string>>,
): string[] {
  return termsOf(affinity).flatMap(({ topologyKey, labelSelector }) => {
    const known = topologyKey === HOST || topologyKey?.startsWith('topology.');
    // No selector selects no pod; an empty one selects all.
    const own = labelSelector !== undefined && selects(labelSelector, labels());
    return own && known && topologyKey !== undefined ? [topologyKey] : [];
  });
}

function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => holds(expression, labels[expression.key]))
  );
}

function holds({ operator, values = [] }: Expression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/**
 * Labels of the poolers of a pool in a cell that a selector may name. Each has another index: a
 * selector that asks for one of them does not select them all.
 */
export function poolerLabels(
  cluster: string,
  { database, tablegroup, shard }: ShardView,
  pool: string,
  cell: string,
): Record<string, string> {
  return {
    ...standardLabels(cluster, COMPONENTS.pool),
    [LABELS.database]: database,
    [LABELS.tablegroup]: tablegroup,
    [LABELS.shard]: shard.name,
    [LABELS.pool]: pool,
    [LABELS.cell]: cell,
    [LABELS.index]: '',
  };
}
