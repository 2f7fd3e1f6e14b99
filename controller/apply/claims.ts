/** What a claim asks for, and whether one that exists has to be applied again. Pure. */
import type { KubeObject } from '../../schemas/k8s.ts';
import { compareQuantity } from '../../schemas/quantity.ts';

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
