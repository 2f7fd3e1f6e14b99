/** Which other clusters are being rolled out now, as every leader of the operator can read it. */
import { ANNOTATIONS, LABELS } from '../../../schemas/labels.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import { isTrue } from '../../observe/conditions.ts';

/** `namespace/cluster` */
export const clusterOf = ({ metadata: { namespace, labels } }: KubeObject): string =>
  `${namespace ?? ''}/${labels?.[LABELS.cluster] ?? ''}`;

/** Sorted, without the shard's own. By the condition between two pods, by the pod while one goes. */
export const rollingClusters = (deps: Pick<Deps, 'listers'>, shard: Shard): string[] => {
  const shards = (deps.listers.Shard.list() as Shard[]).filter(({ status }) =>
    isTrue(status?.conditions, 'RollingUpdate'),
  );
  const pods = deps.listers.Pod.list().filter(
    ({ metadata: { annotations } }) => annotations?.[ANNOTATIONS.drainPurpose] === 'replace',
  );
  const rolling = new Set([...shards, ...pods].map(clusterOf));
  rolling.delete(clusterOf(shard));
  return [...rolling].toSorted();
};
