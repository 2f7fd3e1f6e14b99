import type { TopoServer } from '../../schemas/types.ts';
import { identityOf } from '../builders/meta.ts';
import type { Deps } from '../deps.ts';
import { deleteObject } from '../apply/children.ts';
import { isTerminating } from '../observe/pods.ts';
import { mayDeleteClaim } from '../guards/may-delete-claim.ts';
import { claimsOf, retentionOf } from './claims.ts';

/** Deletes an etcd and, if its policy says so, its volumes; claims outlive their StatefulSet otherwise. */
export const deleteTopology = async (deps: Deps, topo: TopoServer): Promise<void> => {
  const whenDeleted = retentionOf(topo);
  const { cluster, namespace } = identityOf(topo);
  if (!isTerminating(topo)) await deleteObject(deps, topo);
  for (const claim of claimsOf(deps, topo)) {
    if (isTerminating(claim)) continue;
    // The API server keeps a claim until the last pod that mounts it is gone.
    const decision = mayDeleteClaim({
      claim,
      policy: whenDeleted,
      ownerLeaves: 'its etcd is being removed',
      users: [],
    });
    const fields = { ns: namespace, cluster, claim: claim.metadata.name };
    if (!decision.ok) {
      deps.log.info({ ...fields, reason: decision.refusal }, 'a volume is kept');
      continue;
    }
    deps.log.info({ ...fields, reason: decision.reason }, 'deleting a volume');
    await deleteObject(deps, claim);
  }
};
