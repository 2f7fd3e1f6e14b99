/** The end of a shard: poolers say goodbye while the topology still lives, then the volumes are settled. */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { claimsMountedBy, isTerminating } from '../../observe/pods.ts';
import { mayDeleteClaim } from '../../guards/may-delete-claim.ts';
import type { Action, Plan } from '../state/action.ts';
import { overdueMs } from '../state/lifecycle.ts';
import type { ShardState } from '../state/state.ts';
import { claimPolicy, ownersBut } from './claims.ts';
import { merged } from './planner.ts';

/** A pod that its kubelet has not ended so long after its grace period does not keep the shard back. */
const ABANDON_MS = 60_000;

/** No pod is left that could still stop. */
export const isDrained = ({ objects, nowMs }: ShardState): boolean =>
  [...objects.pods.values()].every((pod) => overdueMs(pod, nowMs) > ABANDON_MS);

const REMOVED = 'the shard is removed';

const living = <T extends KubeObject>(found: Iterable<T>): T[] =>
  [...found].filter((object) => !isTerminating(object));

/** Orchestrators go as well: they would elect among poolers that are all leaving. */
const drain = ({ objects }: ShardState): Action[] => {
  const reason = REMOVED;
  return [
    ...living(objects.orchDeployments).map((object): Action => ({
      kind: 'delete-object',
      object,
      reason,
    })),
    ...living(objects.pods.values()).map(({ metadata: { name: pod, uid = '' } }): Action => ({
      kind: 'delete-removed-pod',
      pod,
      uid,
      reason,
    })),
  ];
};

/** Volumes that stay lose their owner, so that the garbage collector spares them; the others go. */
const settle = (state: ShardState, claim: KubeObject): Partial<Plan> => {
  const { shard, objects } = state;
  const { name, uid = '' } = claim.metadata;
  const { whenDeleted } = claimPolicy(shard, claim);
  if (whenDeleted === 'Retain') {
    const others = ownersBut(shard, claim);
    if (!others) return {};
    const patch = { metadata: { ownerReferences: others } };
    const reason = 'the policy is whenDeleted: Retain';
    return { actions: [{ kind: 'patch-claim', claim: name, patch, reason }] };
  }
  const users = [...objects.pods.values()]
    .filter(
      (pod) => claimsMountedBy(pod).includes(name) && overdueMs(pod, state.nowMs) <= ABANDON_MS,
    )
    .map((pod) => pod.metadata.name);
  const decision = mayDeleteClaim({
    claim,
    policy: whenDeleted,
    ...(isTerminating(shard) ? { ownerLeaves: 'its owner is being deleted' } : {}),
    users,
  });
  return decision.ok
    ? { actions: [{ kind: 'delete-claim', claim: name, uid, reason: decision.reason }] }
    : { blocked: [{ pod: name, reason: decision.refusal }] };
};

/** Instead of every other planner, once the shard is to go. */
export const planDeletion = (state: ShardState): Partial<Plan> => {
  if (!isDrained(state) || state.removal !== 'deleting') {
    const pods = living(state.objects.pods.values());
    const doing = pods.map(({ metadata }) => ({ pod: metadata.name, reason: REMOVED }));
    return { actions: drain(state), doing };
  }
  return merged(living(state.objects.claims.values()).map((claim) => settle(state, claim)));
};
