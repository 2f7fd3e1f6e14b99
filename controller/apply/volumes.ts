/** Volumes that grow: what a claim asks for, and telling when that was raised. */
import type { KubeObject } from '../../schemas/k8s.ts';
import { compareQuantity } from '../../schemas/quantity.ts';
import type { Deps } from '../deps.ts';
import { refOf } from '../../kube/api.ts';
import type { Failed } from './children.ts';
import { requestedStorage } from './claims.ts';
import { isTerminating } from '../observe/pods.ts';

/** Says that a claim asks for more than it did. Whether the volume follows is the storage class's. */
export const tellGrowth = (
  deps: Pick<Deps, 'events'>,
  owner: KubeObject,
  claim: KubeObject,
  before: string | undefined,
): void => {
  const now = requestedStorage(claim);
  if (before === undefined || now === undefined || compareQuantity(now, before) !== 1) return;
  const text = `${claim.metadata.name}: ${before} -> ${now}`;
  deps.events.event(owner, 'Normal', 'PVCExpanded', text);
};

/**
 * Raises the request of claims that a StatefulSet made: its template cannot change. Never lowers one.
 * Returns what was refused, for example by a storage class that does not expand.
 */
export const growClaims = async (
  deps: Pick<Deps, 'kube' | 'events'>,
  owner: KubeObject,
  claims: readonly KubeObject[],
  size: string | undefined,
): Promise<Failed[]> => {
  const failed: Failed[] = [];
  for (const claim of claims) {
    const have = requestedStorage(claim);
    if (size === undefined || have === undefined || isTerminating(claim)) continue;
    if (compareQuantity(size, have) !== 1) continue;
    try {
      const grown = await deps.kube.mergePatch(refOf(claim), {
        spec: { resources: { requests: { storage: size } } },
      });
      tellGrowth(deps, owner, grown, have);
    } catch (error) {
      failed.push({ child: claim, error });
    }
  }
  return failed;
};
