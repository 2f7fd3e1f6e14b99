/** What the local copies say about a shard. No calls, no decisions. */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { ShardMemory } from './cache.ts';

export interface ShardObserved {
  /** Pool pods by name, those that terminate too. */
  pods: ReadonlyMap<string, Pod>;
  /** Data claims and the backup claim by name. */
  claims: ReadonlyMap<string, KubeObject>;
  orchDeployments: KubeObject[];
  orchPods: Pod[];
  nodes: ReadonlyMap<string, KubeObject>;
  storageClasses: KubeObject[];
}

const byName = <T extends KubeObject>(objects: readonly T[]): Map<string, T> =>
  new Map(objects.map((object) => [object.metadata.name, object]));

/** Labels that tell the shard from others of its cluster. */
export const shardIdentity = (shard: Shard): Record<string, string> => ({
  [LABELS.database]: shard.spec?.databaseName ?? '',
  [LABELS.tablegroup]: shard.spec?.tableGroupName ?? '',
  [LABELS.shard]: shard.spec?.shardName ?? '',
});

export const observeShard = (shard: Shard, deps: Deps): ShardObserved => {
  const { namespace = '', labels, uid = '' } = shard.metadata;
  const index = `${namespace}/${labels?.[LABELS.cluster] ?? ''}`;
  const identity = Object.entries(shardIdentity(shard));
  const mine = (object: KubeObject): boolean =>
    identity.every(([key, value]) => object.metadata.labels?.[key] === value);
  const pods = deps.listers.Pod.byIndex('cluster', index).filter(mine) as Pod[];
  const isComponent = (component: string) => (object: KubeObject) =>
    object.metadata.labels?.[LABELS.component] === component;
  return {
    pods: byName(pods.filter(isComponent(COMPONENTS.pool))),
    claims: byName(deps.listers.PersistentVolumeClaim.byIndex('cluster', index).filter(mine)),
    orchDeployments: deps.listers.Deployment.byIndex('owner', uid).filter(
      isComponent(COMPONENTS.multiorch),
    ),
    orchPods: pods.filter(isComponent(COMPONENTS.multiorch)),
    nodes: byName(deps.listers.Node.list()),
    storageClasses: deps.listers.StorageClass.list(),
  };
};

const allTerminated = (pod: Pod): boolean => {
  const containers = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ];
  return containers.length > 0 && containers.every(({ state }) => state?.terminated !== undefined);
};

/** Keeps what will be needed once a pod is gone: where it ran, and whether it had ended. */
export const remember = (memory: ShardMemory, pods: ReadonlyMap<string, Pod>): void => {
  for (const [name, pod] of pods) {
    const node = pod.spec?.nodeName;
    memory.pods.set(name, {
      uid: pod.metadata.uid ?? '',
      ...(node === undefined ? {} : { node }),
      terminated: isTerminating(pod) && allTerminated(pod),
    });
  }
};
