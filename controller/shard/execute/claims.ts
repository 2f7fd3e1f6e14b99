/** Every write to a claim but its application. */
import { KINDS, type KubeObject, type Pod } from '../../../schemas/k8s.ts';
import { names } from '../../../schemas/names.ts';
import { isKubeError } from '../../../kube/errors.ts';
import type { ClaimDecision } from '../../guards/may-delete-claim.ts';
import { mayDeleteClaim, mayRemakeClaim } from '../../guards/may-delete-claim.ts';
import type { ActionOf } from '../state/action.ts';
import type { Execution } from './context.ts';
import { logFields, Refusal } from './context.ts';

const claimRef = ({ state }: Execution, name: string) => ({
  kind: KINDS.PersistentVolumeClaim,
  namespace: state.shard.metadata.namespace ?? '',
  name,
});

export const patchClaim = async (
  execution: Execution,
  { claim, patch }: ActionOf<'patch-claim'>,
): Promise<void> => {
  await execution.deps.kube.mergePatch(claimRef(execution, claim), patch);
};

interface Found {
  claim: KubeObject;
  /** Of the pod that the claim is for. */
  pod: Pod | undefined;
}

/** As they are at this moment; undefined when the claim is gone. */
const readClaim = async (execution: Execution, name: string): Promise<Found | undefined> => {
  const { kube } = execution.deps;
  const ref = claimRef(execution, name);
  const claim = await kube.get(ref);
  if (!claim) return undefined;
  const pod = await kube.get({ ...ref, kind: KINDS.Pod, name: names.podOfDataPvc(name) });
  return { claim, pod: pod as Pod | undefined };
};

/** The guard is asked again, about the claim and the pod of this moment. */
const judge = (
  { state }: Execution,
  { unbound, reason }: ActionOf<'delete-claim'>,
  { claim, pod }: Found,
): ClaimDecision => {
  if (unbound) return mayRemakeClaim(claim, pod?.spec?.nodeName);
  const users = pod && state.removal === undefined ? [pod.metadata.name] : [];
  return mayDeleteClaim({ claim, policy: 'Delete', ownerLeaves: reason, users });
};

/** Only as it was judged: a claim that has changed since is judged again in the next pass. */
export const deleteClaim = async (
  execution: Execution,
  action: ActionOf<'delete-claim'>,
): Promise<void> => {
  const { deps } = execution;
  const { claim, uid } = action;
  const found = await readClaim(execution, claim);
  if (!found) return;
  const decision = judge(execution, action, found);
  if (!decision.ok) throw new Refusal(decision.refusal);
  deps.log.info({ ...logFields(execution), claim, reason: decision.reason }, 'deleting a volume');
  const { resourceVersion = '' } = found.claim.metadata;
  try {
    await deps.kube.delete(claimRef(execution, claim), { uid, resourceVersion });
  } catch (error) {
    if (!isKubeError(error, 'conflict', 'gone')) throw error;
  }
};
