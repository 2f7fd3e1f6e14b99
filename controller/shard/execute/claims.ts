/** Every write to a claim but its application. */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { names } from '../../../schemas/names.ts';
import {
  mayDeleteClaim,
  mayRemakeClaim,
  type ClaimDecision,
} from '../../guards/may-delete-claim.ts';
import type { ActionOf } from '../state/action.ts';
import {
  deleteAsJudged,
  logFields,
  Refusal,
  refTo,
  type Effect,
  type Execution,
} from './context.ts';

export const patchClaim: Effect<'patch-claim'> = async (execution, { claim, patch }) => {
  await execution.deps.kube.mergePatch(refTo(execution, 'PersistentVolumeClaim', claim), patch);
};

/** The guard is asked again, about the claim and the pod of this moment. */
const judge = (
  { state }: Execution,
  { unbound, reason }: ActionOf<'delete-claim'>,
  claim: KubeObject,
  pod: Pod | undefined,
): ClaimDecision => {
  if (unbound) return mayRemakeClaim(claim, pod?.spec?.nodeName);
  const users = pod && state.removal === undefined ? [pod.metadata.name] : [];
  return mayDeleteClaim({ claim, policy: 'Delete', ownerLeaves: reason, users });
};

/** Only as it was judged: a claim that has changed since is judged again in the next pass. */
export const deleteClaim: Effect<'delete-claim'> = async (execution, action) => {
  const { kube, log } = execution.deps;
  const { claim: name, uid } = action;
  const ref = refTo(execution, 'PersistentVolumeClaim', name);
  const claim = await kube.get(ref);
  if (!claim) return;
  const pod = await kube.get(refTo(execution, 'Pod', names.podOfDataPvc(name)));
  const decision = judge(execution, action, claim, pod as Pod | undefined);
  if (!decision.ok) throw new Refusal(decision.refusal);
  const { reason } = decision;
  log.info({ ...logFields(execution), claim: name, reason }, 'deleting a volume');
  const { resourceVersion = '' } = claim.metadata;
  await deleteAsJudged(execution, ref, { uid, resourceVersion });
};
