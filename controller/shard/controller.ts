/** The controller of Shards: what wakes it, and one cache for each of them. */
import { KINDS, type KindName } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import type { Shard } from '../../schemas/types.ts';
import type { Deps } from '../deps.ts';
import type { Controller, Key, Result, Source } from '../controller.ts';
import { forgetShard } from '../observe/gauges.ts';
import { byLabels, childrenOfCluster, ownedKinds } from '../observe/keys.ts';
import { Memories } from '../observe/memories.ts';
import { emptyCache } from './gather/cache.ts';
import { reconcileShard } from './reconcile.ts';

const SHARD_LABELS = [LABELS.cluster, LABELS.database, LABELS.tablegroup, LABELS.shard] as const;

const shardByLabels = (kind: KindName, component: string): Source =>
  byLabels(kind, component, SHARD_LABELS, names.shard);

/** A Node concerns the shards with a pod on it: it is cordoned, silent, back or gone. */
const shardsOnNode: Source = {
  kind: 'Node',
  map: (node, listers) =>
    listers.Pod.list()
      .filter(
        (pod) => (pod.spec as { nodeName?: string } | undefined)?.nodeName === node.metadata.name,
      )
      .flatMap((pod) => shardByLabels('Pod', COMPONENTS.pool).map(pod, listers)),
};

/** Owner of a cache per shard: made once per process. */
export const createShardController = (): Controller => {
  const caches = new Memories(emptyCache);
  const reconcile = async (key: Key, deps: Deps): Promise<Result> => {
    const id = `${key.namespace}/${key.name}`;
    const shard = deps.listers.Shard.get(key.namespace, key.name) as Shard | undefined;
    if (!shard) {
      caches.forget(id);
      deps.feed.forget(id);
      forgetShard(deps, key);
      return {};
    }
    return reconcileShard(deps, shard, caches.of(id, shard.metadata.uid ?? ''));
  };
  return {
    name: 'shard',
    kind: KINDS.Shard,
    reconcile,
    sources: [
      ...ownedKinds('Shard', [
        'Pod',
        'Service',
        'ConfigMap',
        'Secret',
        'PersistentVolumeClaim',
        'Deployment',
        'PodDisruptionBudget',
      ]),
      ...[COMPONENTS.pool, COMPONENTS.multiorch].flatMap((component) => [
        shardByLabels('Pod', component),
        shardByLabels('PersistentVolumeClaim', component),
      ]),
      shardsOnNode,
      // Its annotations that Shards obey at once, such as `multigres.com/paused`.
      childrenOfCluster('Shard'),
    ],
  };
};
