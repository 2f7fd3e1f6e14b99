import type { KubeObject } from '../../schemas/k8s.ts';
import { selectorOf } from '../../schemas/labels.ts';
import { childMeta, type Identity } from './meta.ts';

/** One more condition on the labels of the pods. */
interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

/**
 * `maxUnavailable` only for pods of a Deployment or StatefulSet: of other pods the API server knows
 * no wanted number and then refuses every eviction (measured on a real API server).
 */
export const podDisruptionBudget = (
  id: Identity,
  name: string,
  labels: Record<string, string>,
  budget: { minAvailable: number } | { maxUnavailable: number },
  requirement?: Requirement,
): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: childMeta(id, name, labels),
  spec: {
    ...budget,
    selector: {
      matchLabels: selectorOf(labels),
      ...(requirement && { matchExpressions: [requirement] }),
    },
  },
});
