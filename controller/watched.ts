import { KINDS, type KindName, type KindRef } from '../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../schemas/labels.ts';
import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import { Informer } from '../kube/informer.ts';
import { Store } from '../kube/store.ts';
import { trim } from '../kube/transform.ts';
import type { Log } from '../kube/log.ts';
import type { Metrics } from './metrics.ts';

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

interface InformersOptions {
  api: Pick<KubeApi, 'list' | 'watch'>;
  stores: Record<KindName, Store>;
  /** Empty: all. */
  namespaces: readonly string[];
  clock: Clock;
  random: () => number;
  log: Log;
  metrics: Metrics;
}

/** Informers of all watched kinds, one per namespace where only some are watched. */
export function createInformers(options: InformersOptions): Informer[] {
  const { api, clock, random, log, metrics, namespaces } = options;
  return WATCHED.flatMap((watched) => {
    const kind: KindRef = KINDS[watched.kind];
    const scopes = kind.namespaced && namespaces.length > 0 ? namespaces : [undefined];
    return scopes.map(
      (namespace) =>
        new Informer({
          api,
          kind,
          store: options.stores[watched.kind],
          clock,
          random,
          log,
          onRestart: (reason) => metrics.add('watchRestarts', { kind: kind.kind, reason }),
          ...(namespace === undefined ? {} : { namespace }),
          ...(watched.labelSelector ? { labelSelector: watched.labelSelector } : {}),
          ...(watched.optional ? { optional: true } : {}),
        }),
    );
  });
}
