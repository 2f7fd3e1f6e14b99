import type { KubeObject } from '../../schemas/k8s.ts';

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
