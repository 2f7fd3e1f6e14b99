import type { KindName, KubeObject } from '../../schemas/k8s.ts';
import { LABELS } from '../../schemas/labels.ts';
import { controllerOf } from '../builders/owner.ts';
import type { Deps } from '../deps.ts';
import { isTerminating } from './pods.ts';

/** The kinds of ours that own others. */
const OWNERS: readonly string[] = ['MultigresCluster', 'Cell', 'TableGroup', 'Shard', 'TopoServer'];

/**
 * Whether an object goes together with one above it: its owner, or the owner of that, or its cluster is
 * being deleted or gone. The garbage collector comes for it, so nothing is made for it any more: what was
 * just deleted would come back and be left over. An object without owner, made by hand, ends by itself.
 */
export const isEnding = (deps: Pick<Deps, 'listers'>, object: KubeObject): boolean => {
  if (isTerminating(object)) return true;
  const { namespace, labels } = object.metadata;
  const cluster = deps.listers.MultigresCluster.get(namespace, labels?.[LABELS.cluster] ?? '');
  if (cluster && isTerminating(cluster)) return true;
  const ref = controllerOf(object);
  if (!ref || !OWNERS.includes(ref.kind)) return false;
  const owner = deps.listers[ref.kind as KindName].get(namespace, ref.name);
  return owner?.metadata.uid !== ref.uid || isEnding(deps, owner);
};
