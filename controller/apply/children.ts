/** Bringing child objects to what they should be: only what differs is written. */
import { PRUNED, type KindName, type KubeObject } from '../../schemas/k8s.ts';
import { controllerOf, ownerReference } from '../builders/owner.ts';
import { kindOf, refOf } from '../../kube/api.ts';
import { isKubeError, KubeError } from '../../kube/errors.ts';
import type { Applier } from '../../kube/apply.ts';
import { compact } from '../../schemas/compact.ts';
import { textOf } from '../../schemas/text.ts';
import type { Deps } from '../deps.ts';
import { ownedBy } from '../observe/keys.ts';
import { isAsWanted } from './claims.ts';
import { keepImmutable } from './immutable.ts';

export const observedOf = (deps: Deps, object: KubeObject): KubeObject | undefined =>
  deps.listers[kindOf(object).kind as KindName].get(
    object.metadata.namespace,
    object.metadata.name,
  );

/** `Service demo-multigateway` */
export const nameOf = (object: KubeObject): string => `${object.kind} ${object.metadata.name}`;

/**
 * `child` with `owner` as its controller. A claim keeps what its builder says: it may have to outlive
 * the owner.
 */
const owned = (child: KubeObject, owner: KubeObject): KubeObject =>
  child.kind === 'PersistentVolumeClaim' || child.metadata.ownerReferences
    ? child
    : { ...child, metadata: { ...child.metadata, ownerReferences: [ownerReference(owner)] } };

/** Whether an object that exists may be taken over. @throws KubeError when not */
const refuseForeign = (observed: KubeObject, owner: KubeObject): void => {
  const controller = controllerOf(observed);
  if (!controller || controller.uid === owner.metadata.uid) return;
  if (controller.kind === owner.kind && controller.name === owner.metadata.name) {
    // The garbage collector is on its way: a short retry.
    throw new KubeError(
      `${nameOf(observed)} still belongs to the deleted ${controller.kind} ${controller.name}`,
      { class: 'conflict', status: 409, reason: 'OwnerDeleted' },
    );
  }
  throw new KubeError(
    `${nameOf(observed)} belongs to ${controller.kind} ${controller.name}: rename one of the two`,
    { class: 'denied', status: 409, reason: 'OwnedByOther' },
  );
};

export interface Failed {
  child: KubeObject;
  error: unknown;
}

type Applied = Awaited<ReturnType<Applier['apply']>>;

interface ApplyOutcome {
  applied: Applied[];
  failed: Failed[];
}

const applyOne = async (deps: Deps, owner: KubeObject, child: KubeObject): Promise<Applied> => {
  const observed = observedOf(deps, child);
  if (observed?.metadata.deletionTimestamp) return { object: observed, changed: false };
  if (observed) refuseForeign(observed, owner);
  const wanted = owned(keepImmutable(child, observed), owner);
  if (observed && child.kind === 'PersistentVolumeClaim' && isAsWanted(wanted, observed)) {
    return { object: observed, changed: false };
  }
  return deps.applier.apply(wanted, observed);
};

/**
 * Applies all children at the same time; one that fails does not keep the others back. An object that is
 * being deleted is left alone until it is gone. Never throws.
 */
export const applyChildren = async (
  deps: Deps,
  owner: KubeObject,
  children: readonly KubeObject[],
): Promise<ApplyOutcome> => {
  const outcome: ApplyOutcome = { applied: [], failed: [] };
  await Promise.all(
    children.map(async (child) => {
      try {
        outcome.applied.push(await applyOne(deps, owner, child));
      } catch (error) {
        outcome.failed.push({ child, error });
      }
    }),
  );
  return outcome;
};

/** What could not be written, in one line for a status; undefined when all went well. */
export const failureText = (failed: readonly Failed[]): string | undefined => {
  const [first] = failed;
  if (!first) return undefined;
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return `${nameOf(first.child)} cannot be written: ${textOf(first.error)}${more}`;
};

/** Throws the failure that most needs somebody's attention; for the end of a reconcile. */
export const throwFailure = (failed: readonly Failed[]): void => {
  const passing = ({ error }: Failed): boolean =>
    isKubeError(error, 'conflict', 'exists', 'gone', 'ending', 'busy');
  const worst = failed.find((entry) => !passing(entry)) ?? failed[0];
  if (worst) throw worst.error;
};

/** Deletes stateless children of `owner` that are not among `wanted`. */
export const pruneChildren = async (
  deps: Deps,
  owner: KubeObject,
  wanted: readonly KubeObject[],
): Promise<void> => {
  const names = new Set(wanted.map(nameOf));
  const unwanted = PRUNED.flatMap((kind) => ownedBy(deps.listers, kind, owner)).filter(
    (child) => !names.has(nameOf(child)) && !child.metadata.deletionTimestamp,
  );
  for (const child of unwanted) await deleteObject(deps, child);
  const removed = unwanted.map(nameOf);
  if (removed.length > 0)
    deps.log.info({ removed }, 'removed children that are not wanted any more');
};

/** Deletes exactly this object (not a successor of its name). False when it was gone. */
export const deleteObject = async (deps: Deps, object: KubeObject): Promise<boolean> => {
  const { uid } = object.metadata;
  try {
    return await deps.kube.delete(
      refOf(object),
      compact({ uid, propagation: 'Background' as const }),
    );
  } catch (error) {
    // Another object has the name by now: ours is gone.
    if (isKubeError(error, 'conflict', 'gone')) return false;
    throw error;
  }
};
