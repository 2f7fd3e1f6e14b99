/** What the informers' caches say about a shard. No calls, no decisions. */
import { compact } from '../../../schemas/compact.ts';
import type { KindName, KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import { isTrue } from '../../observe/conditions.ts';
import { isTerminating } from '../../observe/pods.ts';
import { allContainersEnded } from '../state/lifecycle.ts';
import type { PodTrace, ShardObjects } from '../state/state.ts';
import { shardIdentity } from '../state/identity.ts';

const byName = <T extends KubeObject>(objects: readonly T[]): Map<string, T> =>
  new Map(objects.map((object) => [object.metadata.name, object]));

const OWNED: readonly KindName[] = [
  'ConfigMap',
  'Deployment',
  'PodDisruptionBudget',
  'Secret',
  'Service',
];

export const readObjects = (deps: Pick<Deps, 'listers'>, shard: Shard): ShardObjects => {
  const index = clusterOf(shard);
  const identity = Object.entries(shardIdentity(shard));
  const mine = (object: KubeObject): boolean =>
    identity.every(([key, value]) => object.metadata.labels?.[key] === value);
  const pods = deps.listers.Pod.byIndex('cluster', index).filter(mine) as Pod[];
  const isComponent = (component: string) => (object: KubeObject) =>
    object.metadata.labels?.[LABELS.component] === component;
  const owned = OWNED.flatMap((kind) =>
    deps.listers[kind].byIndex('owner', shard.metadata.uid ?? ''),
  );
  return {
    pods: byName(pods.filter(isComponent(COMPONENTS.pool))),
    claims: byName(deps.listers.PersistentVolumeClaim.byIndex('cluster', index).filter(mine)),
    orchDeployments: owned.filter(
      (object) => object.kind === 'Deployment' && isComponent(COMPONENTS.multiorch)(object),
    ),
    orchPods: pods.filter(isComponent(COMPONENTS.multiorch)),
    owned,
    nodes: byName(deps.listers.Node.list()),
    storageClasses: deps.listers.StorageClass.list(),
  };
};

/** Keeps what will be needed once a pod is gone: where it ran, and whether it had ended. */
export const noteTraces = (traces: Map<string, PodTrace>, pods: ReadonlyMap<string, Pod>): void => {
  for (const [name, pod] of pods) {
    const terminated = isTerminating(pod) && allContainersEnded(pod);
    traces.set(name, compact({ node: pod.spec?.nodeName, terminated }));
  }
};

/** `namespace/cluster` */
export const clusterOf = ({ metadata: { namespace, labels } }: KubeObject): string =>
  `${namespace ?? ''}/${labels?.[LABELS.cluster] ?? ''}`;

/**
 * Other clusters that are being rolled out now, as every leader of the operator can read it: sorted. By the condition between two pods, by the pod while one
 * goes.
 */
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
