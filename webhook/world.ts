import type { KubeApi } from '../controller/kube/api.ts';
import { listAll } from '../controller/kube/informer.ts';
import type { Lister } from '../controller/kube/store.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { templateReferences, type TemplateKind } from '../schemas/resolve/templates.ts';
import type { Templates } from '../schemas/resolve/types.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import type { PolicyKind, World } from './policies/policy.ts';
import type { AdmissionRequest } from './review.ts';

/** The kinds whose objects the webhook keeps a copy of. */
export const WORLD_KINDS = [
  'MultigresCluster',
  'CoreTemplate',
  'CellTemplate',
  'ShardTemplate',
  'Node',
  'StorageClass',
] as const;
export type WorldKind = (typeof WORLD_KINDS)[number];

export interface WorldDeps {
  listers: Record<WorldKind, Lister>;
  kube: Pick<KubeApi, 'get' | 'list'>;
  zoneLabels: readonly string[];
  log: { warn(fields: object, message?: string): void };
}

const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/**
 * What the policies may know for one request. Copies may lag behind by a moment, so what decides
 * is read live: a template that a cluster names and the copy lacks (it may come from the same
 * `kubectl apply`), the users of a template that is about to go, and the Secret.
 */
export async function worldFor(
  deps: WorldDeps,
  kind: PolicyKind,
  request: AdmissionRequest,
): Promise<World> {
  const { namespace } = request;
  switch (kind) {
    case 'MultigresCluster': {
      const cluster = request.object as MultigresCluster;
      const old = request.oldObject as MultigresCluster | undefined;
      const [templates, secrets] = await Promise.all([
        templatesFor(deps, namespace, old ? [cluster, old] : [cluster]),
        secretsFor(deps, namespace, cluster),
      ]);
      return {
        templates,
        secrets,
        zoneLabels: deps.zoneLabels,
        nodes: deps.listers.Node.list().map(({ metadata }) => ({
          name: metadata.name,
          labels: metadata.labels ?? {},
        })),
        storageClasses: deps.listers.StorageClass.list().map(({ metadata }) => ({
          name: metadata.name,
          isDefault: DEFAULT_CLASS.some((key) => metadata.annotations?.[key] === 'true'),
        })),
      };
    }
    case 'CoreTemplate':
    case 'CellTemplate':
    case 'ShardTemplate': {
      const clusters = await clustersIn(deps, namespace, request.operation === 'DELETE');
      return { clusters, templates: await templatesFor(deps, namespace, clusters) };
    }
    case 'Cell':
    case 'TableGroup':
    case 'Shard':
    case 'TopoServer':
      return {};
  }
}

async function clustersIn(
  deps: WorldDeps,
  namespace: string,
  live: boolean,
): Promise<MultigresCluster[]> {
  const objects = live
    ? (await listAll(deps.kube, KINDS.MultigresCluster, { namespace, limit: 500 })).items
    : deps.listers.MultigresCluster.list(namespace);
  return objects as MultigresCluster[];
}

async function templatesFor(
  deps: WorldDeps,
  namespace: string,
  clusters: readonly MultigresCluster[],
): Promise<Templates> {
  const named = clusters.flatMap((cluster) => templateReferences(cluster));
  const load = async <T>(kind: TemplateKind): Promise<Record<string, T>> => {
    const found = new Map(
      deps.listers[kind].list(namespace).map((object) => [object.metadata.name, object]),
    );
    const wanted = named.filter((reference) => reference.kind === kind).map(({ name }) => name);
    for (const name of new Set([...wanted, 'default'])) {
      if (found.has(name)) continue;
      const object = await deps.kube.get({ kind: KINDS[kind], namespace, name });
      if (object) found.set(name, object);
    }
    return Object.fromEntries(found) as Record<string, T>;
  };
  const [core, cell, shard] = await Promise.all([
    load<Templates['core'][string]>('CoreTemplate'),
    load<Templates['cell'][string]>('CellTemplate'),
    load<Templates['shard'][string]>('ShardTemplate'),
  ]);
  return { core, cell, shard };
}

/** Names of keys only. A Secret that cannot be read is left out: unknown, not missing. */
async function secretsFor(
  deps: WorldDeps,
  namespace: string,
  cluster: MultigresCluster,
): Promise<Record<string, string[] | null>> {
  const name = cluster.spec?.postgresPasswordSecretRef?.name;
  if (!name) return {};
  try {
    const secret: KubeObject | undefined = await deps.kube.get({
      kind: KINDS.Secret,
      namespace,
      name,
    });
    return { [name]: secret ? Object.keys(secret.data ?? {}) : null };
  } catch (error) {
    const cluster_ = cluster.metadata.name;
    deps.log.warn({ err: error, ns: namespace, cluster: cluster_ }, 'cannot look for the Secret');
    return {};
  }
}
