/** What a claim asks for, whether one that exists has to be applied again, and making its volume grow. */
import type { KubeObject } from '../../schemas/k8s.ts';
import { compareQuantity } from '../../schemas/quantity.ts';
import type { Deps } from '../deps.ts';
import { refOf } from '../../kube/api.ts';
import type { Failed } from './children.ts';
import { isTerminating } from '../observe/pods.ts';

export const requestedStorage = (claim: KubeObject | undefined): string | undefined =>
  (claim?.spec as { resources?: { requests?: { storage?: string } } } | undefined)?.resources
    ?.requests?.storage;

const holds = (
  all: Readonly<Record<string, string>> | undefined,
  some: Readonly<Record<string, string>> | undefined,
): boolean => Object.entries(some ?? {}).every(([key, value]) => all?.[key] === value);

const ownersOf = ({ metadata }: KubeObject): string[] =>
  (metadata.ownerReferences ?? []).map(({ uid }) => uid).toSorted();

/**
 * A claim that says all that is wanted of it. Its class and modes, which cannot change, do not count: where
 * nobody chose them, the API server did at creation, and an apply that repeats them would change the claim's
 * version while the scheduler binds it.
 */
export const isAsWanted = (wanted: KubeObject, observed: KubeObject): boolean => {
  const [want, have] = [requestedStorage(wanted), requestedStorage(observed)];
  return (
    holds(observed.metadata.labels, wanted.metadata.labels) &&
    holds(observed.metadata.annotations, wanted.metadata.annotations) &&
    ownersOf(observed).join(' ') === ownersOf(wanted).join(' ') &&
    (want === have ||
      (want !== undefined && have !== undefined && compareQuantity(want, have) === 0))
  );
};

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
