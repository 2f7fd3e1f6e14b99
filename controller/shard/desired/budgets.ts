import { minAvailable, type Member, type Policy } from '../../../schemas/durability.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { COMPONENTS, LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { podDisruptionBudget } from '../../builders/pdb.ts';
import { isReady } from '../../observe/pods.ts';
import { shardLabels, type ShardScope } from './scope.ts';

export interface BudgetInput {
  /** The policy in force. */
  readonly policy: Policy;
  /** All poolers that exist or should, each once. */
  readonly members: readonly Member[];
  /** No pod that is ready carries the label of the primary. */
  readonly noReadyPrimary: boolean;
}

/** Whether one of these pods is under the primary's budget and counts there. */
export const hasReadyPrimary = (pods: Iterable<Pod>): boolean =>
  [...pods].some((pod) => pod.metadata.labels?.[LABELS.role] === POD_ROLES.primary && isReady(pod));

/**
 * Two budgets for the shard, over all cells (one per cell would allow an eviction in each of them at once),
 * which no pod is under both of: the eviction API answers such a pod with HTTP 500. Numbers, because the pods have
 * no controller that the API server could ask.
 *
 * The primary's own refuses its eviction (429) until the operator has moved the primary, and with it the label.
 * The standbys' then allows what is left of the shard's `minAvailable`. While no ready pod is labelled primary,
 * the primary is under the standbys' budget like everybody, or gone and one disruption already: the full number.
 *
 * Two members: the primary is moved before it goes, as among more. Its only standby may go, although writes then
 * wait until it is back: see `minAvailable`. A single member has nowhere to move to, and a budget that refused
 * would hang the drain of its node for ever.
 */
export const shardBudgets = (scope: ShardScope, input: BudgetInput): KubeObject[] => {
  const labels = shardLabels(scope, COMPONENTS.pool);
  const all = minAvailable(input.policy, input.members);
  const primary = input.members.length > 1 ? 1 : 0;
  const standbys = Math.max(input.noReadyPrimary ? all : all - 1, 0);
  const role = { key: LABELS.role, values: [POD_ROLES.primary] };
  // The standbys' first: up to now it selected all pods, and a pod must not come under a second one.
  return [
    podDisruptionBudget(
      scope.id,
      names.shardPdb(...scope.parts),
      labels,
      { minAvailable: standbys },
      { ...role, operator: 'NotIn' },
    ),
    podDisruptionBudget(
      scope.id,
      names.primaryPdb(...scope.parts),
      labels,
      { minAvailable: primary },
      { ...role, operator: 'In' },
    ),
  ];
};
