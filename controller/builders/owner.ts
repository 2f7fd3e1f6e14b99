import type { KubeObject, OwnerReference } from '../../schemas/k8s.ts';

/** The controller reference by which the garbage collector and the informer index find an owner. */
export const ownerReference = (owner: KubeObject): OwnerReference => {
  const { name, uid } = owner.metadata;
  if (uid === undefined || uid === '') {
    throw new Error(
      `${owner.kind} ${name} has no uid: only objects read from the API can own others`,
    );
  }
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
};

/**
 * A copy of `object` owned by `owner` alone. Both must live in one namespace.
 * @throws if the owner has no uid or lives elsewhere.
 */
export const withOwner = <T extends KubeObject>(object: T, owner: KubeObject): T => {
  if (object.metadata.namespace !== owner.metadata.namespace) {
    throw new Error(
      `${owner.kind} ${owner.metadata.namespace ?? ''}/${owner.metadata.name} cannot own ` +
        `${object.kind} ${object.metadata.name}: it is in another namespace`,
    );
  }
  return {
    ...object,
    metadata: { ...object.metadata, ownerReferences: [ownerReference(owner)] },
  };
};
