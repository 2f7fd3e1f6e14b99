/**
 * The end of a cluster, from the inside out: shards first, while etcd still takes their poolers' goodbyes;
 * then cells; then the topology with its volumes. Every wait has a limit, so that a lost node or a dead
 * topology server cannot keep a cluster or its namespace for ever.
 */
import type { KubeObject } from '../../schemas/k8s.ts';
import { FINALIZERS } from '../../schemas/labels.ts';
import type { MultigresCluster, TopoServer } from '../../schemas/types.ts';
import type { Deps } from '../deps.ts';
import type { Result } from '../controller.ts';
import { deleteObject } from '../apply/children.ts';
import { removeFinalizer } from '../apply/finalizer.ts';
import { isTerminating } from '../observe/pods.ts';
import { deleteTopology } from '../toposerver/deletion.ts';

/** Longest wait for shards and cells, counted from the deletion. Their own limits are far below. */
const LIMIT_MS = 300_000;
const POLL_MS = 1000;

const ofCluster = (cluster: MultigresCluster): string =>
  `${cluster.metadata.namespace ?? ''}/${cluster.metadata.name}`;

const deleteAll = async (deps: Deps, objects: readonly KubeObject[]): Promise<number> => {
  const living = objects.filter((object) => !isTerminating(object));
  await Promise.all(living.map((object) => deleteObject(deps, object)));
  return objects.length;
};

/** One step of the deletion of a cluster. */
export const deleteCluster = async (deps: Deps, cluster: MultigresCluster): Promise<Result> => {
  if (!cluster.metadata.finalizers?.includes(FINALIZERS.clusterCleanup)) return {};
  const index = ofCluster(cluster);
  const since = Date.parse(cluster.metadata.deletionTimestamp ?? '');
  const late = deps.clock.now() - since > LIMIT_MS;

  const groups = await deleteAll(deps, deps.listers.TableGroup.byIndex('cluster', index));
  const shards = await deleteAll(deps, deps.listers.Shard.byIndex('cluster', index));
  if (groups + shards > 0 && !late) return { requeueAfterMs: POLL_MS };

  const topos = deps.listers.TopoServer.byIndex('cluster', index) as TopoServer[];
  for (const topo of topos) await deleteTopology(deps, topo);
  await deleteAll(deps, deps.listers.Cell.byIndex('cluster', index));
  if (late && groups + shards > 0) {
    deps.log.warn(
      { ns: cluster.metadata.namespace, cluster: cluster.metadata.name, groups, shards },
      'shards did not end in five minutes: releasing the cluster all the same',
    );
    const text = `${shards} shards did not end in five minutes; they are released all the same`;
    deps.events.event(cluster, 'Warning', 'CleanUpError', text);
  }
  await removeFinalizer(deps, cluster, FINALIZERS.clusterCleanup);
  deps.events.event(cluster, 'Normal', 'CleanupComplete', 'The rest goes with it');
  return {};
};
