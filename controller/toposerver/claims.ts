/**
 * The volumes of an etcd, and who takes them along. A volume that its policy deletes has its cluster as an
 * owner, so that the garbage collector ends it with the cluster, whether we run or not; one that is to be
 * retained never has. Never the TopoServer or the StatefulSet: either may be deleted by hand and made anew.
 */
import { controllerOf, ownerReference } from '../builders/owner.ts';
import { identityOf } from '../builders/meta.ts';
import { KubeError } from '../../kube/errors.ts';
import type { KubeObject, OwnerReference } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import type { MultigresCluster, PvcRetention, TopoServer } from '../../schemas/types.ts';
import { deleteObject, type Failed } from '../apply/children.ts';
import { patchIfSame } from '../apply/finalizer.ts';
import type { Deps } from '../deps.ts';
import { ofCluster } from '../observe/keys.ts';
import { isTerminating } from '../observe/pods.ts';
import { mayDeleteClaim } from '../guards/may-delete-claim.ts';

export const claimsOf = (deps: Pick<Deps, 'listers'>, topo: TopoServer): KubeObject[] =>
  ofCluster(deps.listers, 'PersistentVolumeClaim', topo).filter(
    ({ metadata: { labels } }) =>
      labels?.[LABELS.component] === COMPONENTS.toposerver &&
      labels[LABELS.toposerver] === topo.metadata.name,
  );

export const retentionOf = (topo: TopoServer): PvcRetention =>
  topo.spec?.pvcDeletionPolicy?.whenDeleted ?? 'Retain';

/**
 * Owners that a claim should have; undefined when it has them. Of all owners only the cluster itself is
 * ours to set: a claim of a cluster that is gone is not taken back from the garbage collector. Pure.
 */
export const claimOwners = (
  claim: KubeObject,
  whenDeleted: PvcRetention,
  cluster: MultigresCluster,
): OwnerReference[] | undefined => {
  const owners = claim.metadata.ownerReferences ?? [];
  const others = owners.filter(({ uid }) => uid !== cluster.metadata.uid);
  const has = others.length < owners.length;
  if (whenDeleted !== 'Delete') return has ? others : undefined;
  if (has || isTerminating(claim) || isDoomed(claim, cluster)) return undefined;
  // Beside the StatefulSet, which must stay the one that may control it.
  return [...others, { ...ownerReference(cluster), controller: false, blockOwnerDeletion: false }];
};

/** It goes with a former cluster of the name. */
const isDoomed = (claim: KubeObject, cluster: MultigresCluster): boolean =>
  (claim.metadata.ownerReferences ?? []).some(
    ({ kind, uid }) => kind === cluster.kind && uid !== cluster.metadata.uid,
  );

/** The cluster that an etcd was made for, directly or by one of its cells; none for one made by hand. */
export const clusterOf = (
  deps: Pick<Deps, 'listers'>,
  topo: TopoServer,
): MultigresCluster | undefined => {
  const { cluster: name, namespace } = identityOf(topo);
  const ref = controllerOf(topo);
  const cell = ref?.kind === 'Cell' ? deps.listers.Cell.get(namespace, ref.name) : undefined;
  const uid = cell ? controllerOf(cell)?.uid : ref?.uid;
  const cluster = deps.listers.MultigresCluster.get(namespace, name);
  return uid !== undefined && cluster?.metadata.uid === uid
    ? (cluster as MultigresCluster)
    : undefined;
};

/** Sets the owners of all claims; returns what could not be written. */
export const settleOwners = async (
  deps: Pick<Deps, 'kube' | 'listers'>,
  topo: TopoServer,
  claims: readonly KubeObject[],
): Promise<Failed[]> => {
  const cluster = clusterOf(deps, topo);
  const failed: Failed[] = [];
  if (!cluster) return failed;
  for (const claim of claims) {
    const ownerReferences = claimOwners(claim, retentionOf(topo), cluster);
    if (!ownerReferences) continue;
    try {
      await patchIfSame(deps.kube, claim, { ownerReferences });
    } catch (error) {
      failed.push({ child: claim, error });
    }
  }
  return failed;
};

/**
 * Children of a new etcd that would start on volumes which are about to go: its StatefulSet waits for them.
 * One that runs goes on. Pure.
 */
export const withoutDoomedVolumes = (
  children: readonly KubeObject[],
  claims: readonly KubeObject[],
  observed: KubeObject | undefined,
  cluster: MultigresCluster | undefined,
): Held => {
  const doomed = claims
    .filter((claim) => isTerminating(claim) || (cluster !== undefined && isDoomed(claim, cluster)))
    .map(({ metadata }) => metadata.name);
  return holdingBack(children, () =>
    observed || doomed.length === 0
      ? undefined
      : new KubeError(
          `it waits until volumes of a former etcd of this name are gone: ${doomed.toSorted().join(', ')}`,
          { class: 'conflict', status: 409, reason: 'VolumesLeaving' },
        ),
  );
};

const replicasOf = (set: KubeObject | undefined): number | undefined =>
  (set?.spec as { replicas?: number } | undefined)?.replicas;

interface Held {
  children: KubeObject[];
  refused: Failed[];
}

/** Children that may be applied, and the StatefulSet where `why` says that it may not. Pure. */
const holdingBack = (
  children: readonly KubeObject[],
  why: (set: KubeObject) => KubeError | undefined,
): Held => {
  const held: Held = { children: [], refused: [] };
  for (const child of children) {
    const error = child.kind === 'StatefulSet' ? why(child) : undefined;
    if (error) held.refused.push({ child, error });
    else held.children.push(child);
  }
  return held;
};

/**
 * Holds a StatefulSet back that has fewer members than there are volumes of this etcd: their number is the
 * length of a list that etcd keeps in its volumes, so with fewer pods the rest has no quorum, and under
 * `whenScaled: Delete` the volumes of the others go. Webhooks refuse that too, where they can see it. One that
 * runs with as many goes on, whatever volumes are left over. Pure.
 */
export const withoutShrinking = (
  children: readonly KubeObject[],
  claims: readonly KubeObject[],
  observed: KubeObject | undefined,
): Held => {
  const volumes = claims.filter((claim) => !isTerminating(claim)).length;
  return holdingBack(children, (set) => {
    const members = replicasOf(set);
    if (members === undefined || members >= volumes || members === replicasOf(observed)) {
      return undefined;
    }
    return new KubeError(
      `${volumes} volumes of this etcd exist, and with ${members} members it would lose its quorum: ` +
        `keep ${volumes} replicas, or delete the volumes that no member needs`,
      { class: 'denied', status: 422, reason: 'EtcdWouldShrink' },
    );
  });
};

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
