/**
 * The floor of the bench: the objects that a fleet consists of, created straight at the API server as fast as it
 * takes them. What no operator can do faster.
 */
import { KINDS, type KindName, type KubeObject } from '../../../schemas/k8s.ts';
import type { KubeApi } from '../../../kube/api.ts';
import { compact } from '../../../schemas/compact.ts';
import { LABELS, MANAGED_BY } from '../../../schemas/labels.ts';
import { NAMESPACE } from './world.ts';

/** In an order in which what is named exists. Not the pods of Deployments: those are made for both. */
const MADE: readonly KindName[] = [
  ...(['Secret', 'ConfigMap', 'PersistentVolumeClaim', 'Service'] as const),
  ...(['Cell', 'TableGroup', 'Shard', 'Deployment', 'Pod', 'PodDisruptionBudget'] as const),
];
const AT_ONCE = 32;

const OURS = `${LABELS.managedBy}=${MANAGED_BY}`;

/** Everything that the operator has made, as it may be created again. */
export async function snapshot(api: KubeApi): Promise<KubeObject[]> {
  const lists = await Promise.all(
    MADE.map(async (kind) => {
      const scope = { namespace: NAMESPACE, labelSelector: OURS };
      return (await api.list(KINDS[kind], scope)).items;
    }),
  );
  return lists.flat().filter(ownedByController).map(bare);
}

/** Pods of a Deployment come with it. */
const ownedByController = ({ metadata }: KubeObject): boolean =>
  !metadata.ownerReferences?.some(({ kind }) => kind === 'ReplicaSet');

/** Without what the API server and its controllers wrote: a claim says by annotations that it is bound. */
const bare = ({ apiVersion: version, kind, metadata, data, spec }: KubeObject): KubeObject => {
  const { name, namespace, labels, annotations } = metadata;
  const own = kind === 'PersistentVolumeClaim' ? undefined : annotations;
  const {
    clusterIP,
    clusterIPs: _ips,
    nodeName: _node,
    volumeName: _volume,
    ...rest
  } = (spec ?? {}) as Record<string, unknown>;
  const headless = clusterIP === 'None' ? { clusterIP } : {};
  return compact({
    apiVersion: version,
    kind,
    metadata: compact({ name, namespace, labels, annotations: own }),
    data,
    spec: spec && { ...rest, ...headless },
  }) as KubeObject;
};

/** Creates them, so many at a time. */
export async function createAll(api: KubeApi, objects: readonly KubeObject[]): Promise<void> {
  const queue = [...objects];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await api.create(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
