/** What operations on a running cluster need to know of it. */
import type { KubeApi } from '../../kube/api.ts';
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import { KINDS, type KindRef, type KubeObject, type Pod } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { openApi } from '../lib/api.ts';
import * as demo from '../lib/demo.ts';
import type { Kubectl } from '../lib/tools.ts';

export interface World {
  kubectl: Kubectl;
  /** For what is read again and again: a kubectl for each look would cost more than the cluster. */
  api: KubeApi;
  namespace: string;
  cluster: string;
}

export interface OpenWorld extends World {
  close(): Promise<void>;
}

/** Close it after use: its connections keep a process alive. */
export function openWorld(
  kubectl: Kubectl,
  cluster: string = demo.DEMO_CLUSTER,
  namespace: string = demo.DEMO_NAMESPACE,
): OpenWorld {
  const opened = openApi(kubectl.kubeconfig);
  return { kubectl, api: opened.api, cluster, namespace, close: () => opened.close() };
}

/** kubectl in the cluster's namespace. */
export async function inNamespace(world: World, ...args: string[]): Promise<string> {
  return await world.kubectl.run(['-n', world.namespace, ...args]);
}

/** An object of the namespace. Throws when it is not there. */
export async function get<T>(world: World, kind: KindRef, name: string): Promise<T> {
  const found = await world.api.get({ kind, namespace: world.namespace, name });
  if (!found) throw new Error(`there is no ${kind.kind} ${world.namespace}/${name}`);
  return found as T;
}

export const clusterOf = (world: World): Promise<MultigresCluster> =>
  get<MultigresCluster>(world, KINDS.MultigresCluster, world.cluster);

async function labelled<T>(world: World, kind: KindRef, more: string[] = []): Promise<T[]> {
  const labelSelector = [`${LABELS.cluster}=${world.cluster}`, ...more].join();
  const { items } = await world.api.list(kind, { namespace: world.namespace, labelSelector });
  return items as T[];
}

/** The one shard of the cluster. Throws while there is none. */
export async function shardOf(world: World): Promise<Shard> {
  const [shard] = await labelled<Shard>(world, KINDS.Shard);
  if (!shard) throw new Error(`cluster ${world.namespace}/${world.cluster} has no Shard yet`);
  return shard;
}

/** Pods of a component; of all components when none is named. */
export async function podsOf(world: World, component?: string): Promise<Pod[]> {
  const more = component ? [`${LABELS.component}=${component}`] : [];
  return await labelled<Pod>(world, KINDS.Pod, more);
}

export const poolPods = (world: World): Promise<Pod[]> => podsOf(world, COMPONENTS.pool);

export const claimsOf = (world: World): Promise<KubeObject[]> =>
  labelled<KubeObject>(world, KINDS.PersistentVolumeClaim);
