/** What operations on a running cluster need to know of it. */
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import type { Kubectl } from '../lib/tools.ts';

export interface World {
  kubectl: Kubectl;
  namespace: string;
  cluster: string;
}

/** kubectl in the cluster's namespace. */
export async function inNamespace(world: World, ...args: string[]): Promise<string> {
  return await world.kubectl.run(['-n', world.namespace, ...args]);
}

export async function clusterOf(world: World): Promise<MultigresCluster> {
  const { kubectl, namespace, cluster } = world;
  return await kubectl.json<MultigresCluster>(['-n', namespace, 'get', 'mgc', cluster]);
}

async function labelled<T>(world: World, kinds: string, more: string[] = []): Promise<T[]> {
  const selector = [`${LABELS.cluster}=${world.cluster}`, ...more].join();
  const { kubectl, namespace } = world;
  const args = ['-n', namespace, 'get', kinds, '-l', selector];
  return (await kubectl.json<{ items: T[] }>(args)).items;
}

/** The one shard of the cluster. Throws while there is none. */
export async function shardOf(world: World): Promise<Shard> {
  const [shard] = await labelled<Shard>(world, 'shards');
  if (!shard) throw new Error(`cluster ${world.namespace}/${world.cluster} has no Shard yet`);
  return shard;
}

/** Pods of a component; of all components when none is named. */
export async function podsOf(world: World, component?: string): Promise<Pod[]> {
  return await labelled<Pod>(world, 'pods', component ? [`${LABELS.component}=${component}`] : []);
}

export const poolPods = (world: World): Promise<Pod[]> => podsOf(world, COMPONENTS.pool);

export async function claimsOf(world: World): Promise<KubeObject[]> {
  return await labelled<KubeObject>(world, 'pvc');
}
