/**
 * The number of etcd members never falls: it is the length of a list that etcd keeps in its volumes.
 * With fewer pods the rest has no quorum, and under `whenScaled: Delete` the volumes of the others go.
 * Webhooks refuse that too, where they can see it.
 */
import type { KubeObject } from '../../schemas/k8s.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Failed } from '../apply/children.ts';
import { isTerminating } from '../observe/pods.ts';

const replicasOf = (set: KubeObject | undefined): number | undefined =>
  (set?.spec as { replicas?: number } | undefined)?.replicas;

export interface Held {
  children: KubeObject[];
  refused: Failed[];
}

/** Children that may be applied, and the StatefulSet where `why` says that it may not. Pure. */
export const holdingBack = (
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
 * Holds a StatefulSet back that has fewer members than there are volumes of this etcd. One that runs
 * with as many goes on, whatever volumes are left over. Pure.
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
