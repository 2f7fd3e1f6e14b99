/** From an object to those that it concerns, and from a cluster or an owner to what it has. */
import type { KindName, KubeObject } from '../../schemas/k8s.ts';
import { LABELS } from '../../schemas/labels.ts';
import type { Lister } from '../../kube/store.ts';
import { identityOf } from '../builders/meta.ts';
import type { Key, Source } from '../controller.ts';

type Listers = Record<KindName, Lister>;

/** Objects of a kind that are part of a cluster: of `object` itself, or of the one that it is part of. */
export const ofCluster = <T extends KubeObject = KubeObject>(
  listers: Listers,
  kind: KindName,
  object: KubeObject,
): T[] => {
  const { namespace, cluster } = identityOf(object);
  return listers[kind].byIndex('cluster', `${namespace}/${cluster}`) as T[];
};

/** Objects of a kind that `owner` controls. */
export const ownedBy = <T extends KubeObject = KubeObject>(
  listers: Listers,
  kind: KindName,
  owner: KubeObject | undefined,
): T[] => listers[kind].byIndex('owner', owner?.metadata.uid ?? '') as T[];

/** The key of this name beside the object; none without a name. */
export const keyIn = (object: KubeObject, name: string | undefined): Key[] =>
  name === undefined || object.metadata.namespace === undefined
    ? []
    : [{ namespace: object.metadata.namespace, name }];

const ownerKey = (object: KubeObject, kind: string): Key[] => {
  const owner = object.metadata.ownerReferences?.find((ref) => ref.controller && ref.kind === kind);
  return keyIn(object, owner?.name);
};

/** Sources that map each object to its controlling owner of `ownerKind`. */
export const ownedKinds = (ownerKind: string, kinds: readonly KindName[]): Source[] =>
  kinds.map((kind) => ({ kind, map: (object) => ownerKey(object, ownerKind) }));

/** A source that maps an object by a name made of its labels; no key when a label is missing. */
export const byLabels = (
  kind: KindName,
  component: string,
  keys: readonly string[],
  name: (...values: string[]) => string,
): Source => ({
  kind,
  map: (object) => {
    const labels = object.metadata.labels ?? {};
    if (labels[LABELS.component] !== component) return [];
    const values = keys.map((key) => labels[key]);
    return values.every((value) => value !== undefined) ? keyIn(object, name(...values)) : [];
  },
});

/** A source that maps a cluster to its children of `kind`: what it says holds for them. */
export const childrenOfCluster = (kind: KindName): Source => ({
  kind: 'MultigresCluster',
  map: (cluster, listers) =>
    ofCluster(listers, kind, cluster).flatMap((child) => keyIn(child, child.metadata.name)),
});
