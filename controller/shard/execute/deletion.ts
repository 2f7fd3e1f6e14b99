/** The end of a shard: poolers say goodbye while the topology still lives, then the volumes are settled. */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { FINALIZERS, LABELS } from '../../../schemas/labels.ts';
import type { PvcRetention, Shard } from '../../../schemas/types.ts';
import { effectivePvcPolicy } from '../../../schemas/resolve/pvc-policy.ts';
import type { Deps } from '../../deps.ts';
import { refOf } from '../../../kube/api.ts';
import { isKubeError } from '../../../kube/errors.ts';
import type { Result } from '../../controller.ts';
import { deleteObject } from '../../apply/children.ts';
import { removeFinalizer } from '../../apply/finalizer.ts';
import { isTerminating } from '../../observe/pods.ts';
import { mayDeleteClaim } from '../guards/may-delete-claim.ts';
import type { ShardObserved } from '../gather/objects.ts';

/** A pod that its kubelet has not ended so long after its grace period does not keep the shard back. */
const ABANDON_MS = 60_000;

const abandoned = (pod: Pod, nowMs: number): boolean => {
  const { deletionTimestamp } = pod.metadata;
  return deletionTimestamp !== undefined && nowMs - Date.parse(deletionTimestamp) > ABANDON_MS;
};

/**
 * Deletes orchestrators and pods, each with its own grace. True when none is left that could still stop.
 * Orchestrators go as well: they would elect among poolers that are all leaving.
 */
export const drainShard = async (deps: Deps, observed: ShardObserved): Promise<boolean> => {
  const living = (objects: Iterable<KubeObject>): KubeObject[] =>
    [...objects].filter((object) => !isTerminating(object));
  await Promise.all(
    [...living(observed.orchDeployments), ...living(observed.pods.values())].map((object) =>
      deleteObject(deps, object),
    ),
  );
  const nowMs = deps.clock.now();
  return [...observed.pods.values()].every((pod) => abandoned(pod, nowMs));
};

const policyOf = (shard: Shard, claim: KubeObject): PvcRetention => {
  const pool = claim.metadata.labels?.[LABELS.pool];
  const own = pool === undefined ? undefined : shard.spec?.pools[pool]?.pvcDeletionPolicy;
  return effectivePvcPolicy(own, shard.spec?.pvcDeletionPolicy).whenDeleted;
};

const mounts = (pod: Pod, claim: string): boolean =>
  (pod.spec?.volumes ?? []).some(
    (volume) =>
      (volume['persistentVolumeClaim'] as { claimName?: string } | undefined)?.claimName === claim,
  );

/** Volumes that stay lose their owner, so that the garbage collector spares them; the others go. */
const settleClaims = async (deps: Deps, shard: Shard, observed: ShardObserved): Promise<void> => {
  const nowMs = deps.clock.now();
  for (const claim of observed.claims.values()) {
    if (isTerminating(claim)) continue;
    const whenDeleted = policyOf(shard, claim);
    const owners = claim.metadata.ownerReferences ?? [];
    if (whenDeleted === 'Retain') {
      const others = owners.filter(({ uid }) => uid !== shard.metadata.uid);
      if (others.length === owners.length) continue;
      await deps.kube.mergePatch(refOf(claim), { metadata: { ownerReferences: others } });
      continue;
    }
    const users = [...observed.pods.values()]
      .filter((pod) => mounts(pod, claim.metadata.name) && !abandoned(pod, nowMs))
      .map((pod) => pod.metadata.name);
    const decision = mayDeleteClaim({
      claim,
      whenDeleted,
      ownerDeleting: isTerminating(shard),
      users,
    });
    if (!decision.ok) throw new Error(decision.refusal);
    deps.log.info(
      {
        ns: shard.metadata.namespace,
        shard: shard.metadata.name,
        claim: claim.metadata.name,
        reason: decision.reason,
      },
      'deleting a volume',
    );
    await deleteObject(deps, claim);
  }
};

const DRAIN_POLL_MS = 1000;

/** One step of the deletion of a Shard. */
export const deleteShard = async (
  deps: Deps,
  shard: Shard,
  observed: ShardObserved,
): Promise<Result> => {
  if (!shard.metadata.finalizers?.includes(FINALIZERS.shardPvcOrphan)) return {};
  if (!(await drainShard(deps, observed))) return { requeueAfterMs: DRAIN_POLL_MS };
  try {
    await settleClaims(deps, shard, observed);
  } catch (error) {
    if (!isKubeError(error, 'gone', 'conflict')) throw error;
    return { requeueAfterMs: DRAIN_POLL_MS };
  }
  await removeFinalizer(deps, shard, FINALIZERS.shardPvcOrphan);
  return {};
};
