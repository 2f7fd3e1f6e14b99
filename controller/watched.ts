import { KINDS, type KindName, type KindRef } from '../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../schemas/labels.ts';
import type { KubeApi } from '../kube/api.ts';
import { Informer } from '../kube/informer.ts';
import { Store } from '../kube/store.ts';
import { trim } from '../kube/transform.ts';
import { compact } from '../schemas/compact.ts';
import type { Deps } from './deps.ts';

interface Watched {
  kind: KindName;
  labelSelector?: string;
  /** Not served by every API server. */
  optional?: boolean;
}

const OURS = `${LABELS.managedBy}=${MANAGED_BY}`;
const ours = (kind: KindName): Watched => ({ kind, labelSelector: OURS });

/**
 * What is kept in memory: users' own objects of our API, our children by label, and of the rest
 * only nodes and storage classes. Secrets and ConfigMaps of users are read live, one at a time.
 */
export const WATCHED: readonly Watched[] = [
  { kind: 'MultigresCluster' },
  { kind: 'CoreTemplate' },
  { kind: 'CellTemplate' },
  { kind: 'ShardTemplate' },
  { kind: 'Cell' },
  { kind: 'TableGroup' },
  { kind: 'Shard' },
  { kind: 'TopoServer' },
  ours('Pod'),
  ours('Service'),
  ours('ConfigMap'),
  ours('Secret'),
  ours('PersistentVolumeClaim'),
  ours('Deployment'),
  ours('StatefulSet'),
  ours('PodDisruptionBudget'),
  { ...ours('Certificate'), optional: true },
  { kind: 'Node' },
  { kind: 'StorageClass' },
];

/** One store per kind; those of kinds that are not watched stay empty. */
export function createStores(now: () => number): Record<KindName, Store> {
  const names = Object.keys(KINDS) as KindName[];
  const entries = names.map((name) => [name, new Store({ now, transform: trim })]);
  return Object.fromEntries(entries) as Record<KindName, Store>;
}

type InformerDeps = Pick<Deps, 'clock' | 'random' | 'log' | 'metrics'> & {
  kube: Pick<KubeApi, 'list' | 'watch'>;
  options: Pick<Deps['options'], 'watchNamespaces'>;
};

/** Informers of all watched kinds, one per namespace where only some are watched. */
export function createInformers(
  { kube: api, clock, random, log, metrics, options }: InformerDeps,
  stores: Record<KindName, Store>,
): Informer[] {
  return WATCHED.flatMap(({ kind: name, ...watched }) => {
    const kind: KindRef = KINDS[name];
    const { watchNamespaces } = options;
    const scopes = kind.namespaced && watchNamespaces.length > 0 ? watchNamespaces : [undefined];
    return scopes.map(
      (namespace) =>
        new Informer({
          api,
          kind,
          store: stores[name],
          clock,
          random,
          log,
          onRestart: (reason) => metrics.add('watchRestarts', { kind: kind.kind, reason }),
          ...compact({ namespace }),
          ...watched,
        }),
    );
  });
}
