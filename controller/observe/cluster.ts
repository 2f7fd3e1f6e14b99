import type { KubeObject } from '../../schemas/k8s.ts';
import { identityOf } from '../builders/meta.ts';
import type { Deps } from '../deps.ts';
import { isTerminating } from './pods.ts';

/** Nothing is made for a cluster that is going: what was just deleted would come back and be left over. */
export const isClusterTerminating = (deps: Deps, object: KubeObject): boolean => {
  const { cluster, namespace } = identityOf(object);
  const owner = deps.listers.MultigresCluster.get(namespace, cluster);
  return owner !== undefined && isTerminating(owner);
};
