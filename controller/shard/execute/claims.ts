/** Every write to a claim but its application. */
import { KINDS } from '../../../schemas/k8s.ts';
import { isKubeError } from '../../../kube/errors.ts';
import { mayDeleteClaim } from '../../guards/may-delete-claim.ts';
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

/** With the data on it. The guard is asked again, with the pods of this moment. */
export const deleteClaim = async (
  execution: Execution,
  { claim, uid, reason }: ActionOf<'delete-claim'>,
): Promise<void> => {
  const { deps, state } = execution;
  const found = await deps.kube.get(claimRef(execution, claim));
  if (!found) return;
  const pod = claim.replace(/^data-/, '');
  const user = await deps.kube.get({
    kind: KINDS.Pod,
    namespace: state.shard.metadata.namespace ?? '',
    name: pod,
  });
  const users = user && state.removal === undefined ? [pod] : [];
  const decision = mayDeleteClaim({ claim: found, policy: 'Delete', ownerLeaves: reason, users });
  if (!decision.ok) throw new Refusal(decision.refusal);
  deps.log.info({ ...logFields(execution), claim, reason }, 'deleting a volume');
  try {
    await deps.kube.delete(claimRef(execution, claim), { uid });
  } catch (error) {
    if (!isKubeError(error, 'conflict', 'gone')) throw error;
  }
};
