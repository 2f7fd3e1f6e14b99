import { minAvailable, type Member, type Policy } from '../../../schemas/durability.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { COMPONENTS, LABELS, POD_ROLES } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { podDisruptionBudget } from '../../builders/objects.ts';
import { isReady } from '../../observe/pods.ts';
import { shardLabels, type ShardScope } from './scope.ts';

interface BudgetInput {
  /** The policy in force. */
  readonly policy: Policy;
  /** All poolers that exist or should, each once. */
  readonly members: readonly Member[];
  /** Of them those that must not be evicted: see `readyPrimaries`. */
  readonly primaries: readonly string[];
}

/**
 * Poolers of the pods that are labelled primary, are ready and stay: those whose loss would be a disruption that is
 * not there already. Two while the label moves from one to the other.
 */
export const readyPrimaries = (pods: Iterable<Pod>): string[] =>
  [...pods]
    .filter(({ metadata }) => metadata.labels?.[LABELS.role] === POD_ROLES.primary)
    .filter(isReady)
    .flatMap(({ metadata }) => metadata.labels?.[LABELS.pooler] ?? [])
    .toSorted();

/**
 * Two budgets for the shard, over all cells (one per cell would allow an eviction in each of them at once),
 * which no pod is under both of: the eviction API answers such a pod with HTTP 500. Numbers, because the
 * pods have no controller that the API server could ask.
 *
 * The primary's own refuses its eviction (429) until the operator has moved the primary. The standbys' then allows
 * what is left of the shard's `minAvailable`. While no primary is ready, all are under the standbys' budget, with the
 * full number: a primary that is gone is one disruption already.
 *
 * They name the pooler and not its role: a label that moves from pod to pod leaves the status of the budget that a
 * pod left as it was, for hours (measured on a real API server: the new primary could be evicted). A changed budget
 * is counted anew, and until then the API server refuses.
 *
 * Two members: the primary is moved before it goes, as among more. Its only standby may go, although writes then
 * wait until it is back: see `minAvailable`. A single member has nowhere to move to, and a budget that refused
 * would hang the drain of its node for ever.
 */
export const shardBudgets = (scope: ShardScope, input: BudgetInput): KubeObject[] => {
  const { members, primaries } = input;
  const labels = shardLabels(scope, COMPONENTS.pool);
  const guarded = members.length > 1 ? primaries : [];
  const ofPooler = { key: LABELS.pooler, values: guarded.length > 0 ? guarded : ['none'] };
  const all = minAvailable(input.policy, members);
  const budget = (name: string, least: number, operator: 'In' | 'NotIn'): KubeObject =>
    podDisruptionBudget(scope.id, name, labels, { minAvailable: least }, { ...ofPooler, operator });
  // The primary's first: whoever leads now is never without a budget. For the moment between the two the old primary
  // is, rather than under both: the 500 would end a `kubectl drain`.
  return [
    budget(names.primaryPdb(...scope.parts), Math.max(guarded.length, 1), 'In'),
    budget(names.shardPdb(...scope.parts), Math.max(all - guarded.length, 0), 'NotIn'),
  ];
};
