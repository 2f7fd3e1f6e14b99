/** What the informers' caches say about a shard. No calls, no decisions. */
import { compact } from '../../../schemas/compact.ts';
import type { KindName, KubeObject, Pod } from '../../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
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
  const { namespace = '', labels, uid = '' } = shard.metadata;
  const index = `${namespace}/${labels?.[LABELS.cluster] ?? ''}`;
  const identity = Object.entries(shardIdentity(shard));
  const mine = (object: KubeObject): boolean =>
    identity.every(([key, value]) => object.metadata.labels?.[key] === value);
  const pods = deps.listers.Pod.byIndex('cluster', index).filter(mine) as Pod[];
  const isComponent = (component: string) => (object: KubeObject) =>
    object.metadata.labels?.[LABELS.component] === component;
  const owned = OWNED.flatMap((kind) => deps.listers[kind].byIndex('owner', uid));
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
