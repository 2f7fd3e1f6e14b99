import type { KubeObject, OwnerReference } from '../../schemas/k8s.ts';

export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller);

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
