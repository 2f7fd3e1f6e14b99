/** Figures about our objects, set at the end of each pass and removed with the object. */
import { countByCell, durabilityOf, policyInForce } from '../../schemas/durability.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { LABELS } from '../../schemas/labels.ts';
import type {
  Cell,
  CellStatus,
  MultigresCluster,
  MultigresClusterStatus,
  Shard,
  ShardStatus,
  TopoServer,
} from '../../schemas/types.ts';
import type { Deps } from '../deps.ts';
import type { Key } from '../controller.ts';
import type { MetricName, Metrics } from '../metrics.ts';
import type { DesiredPod } from '../shard/desired/index.ts';
import { leaderOf, usefulStandby, type PoolerView } from '../shard/state/roles.ts';
import { isTrue } from './conditions.ts';
import type { Workload } from './workload.ts';

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? '';

const removeAll = (
  { metrics }: Pick<Deps, 'metrics'>,
  labels: Record<string, string>,
  ...series: MetricName[]
): void => series.forEach((name) => metrics.remove(name, labels));

/** Series of a shard with its pools and cells as labels. */
const POOL_SERIES = ['shardPoolReplicas', 'poolPodsDrifted', 'rollingUpdate'] as const;

const labelsOf = (shard: Shard): Record<'cluster' | 'shard' | 'namespace', string> => ({
  cluster: shard.metadata.labels?.[LABELS.cluster] ?? '',
  shard: shard.metadata.name,
  namespace: namespaceOf(shard),
});

export const clusterGauges = (
  { metrics }: Deps,
  cluster: MultigresCluster,
  status: MultigresClusterStatus,
): void => {
  const { name, namespace = '' } = cluster.metadata;
  metrics.remove('clusterInfo', { name, namespace });
  metrics.set('clusterInfo', { name, namespace, phase: status.phase ?? 'Unknown' }, 1);
  const labels = { cluster: name, namespace };
  metrics.set('clusterCells', labels, Object.keys(status.cells ?? {}).length);
  const databases = Object.values(status.databases ?? {});
  const shards = databases.reduce((sum, { totalShards }) => sum + totalShards, 0);
  metrics.set('clusterShards', labels, shards);
};

export const cellGauges = ({ metrics }: Deps, cell: Cell, status: CellStatus): void => {
  const labels = { cell: cell.metadata.name, namespace: namespaceOf(cell) };
  metrics.set('cellGatewayReplicas', { ...labels, state: 'desired' }, status.gatewayReplicas);
  metrics.set('cellGatewayReplicas', { ...labels, state: 'ready' }, status.gatewayReadyReplicas);
};

export const topoGauges = ({ metrics }: Deps, topo: TopoServer, workload: Workload): void => {
  const labels = { name: topo.metadata.name, namespace: namespaceOf(topo) };
  metrics.set('topoServerReplicas', { ...labels, state: 'desired' }, workload.desired);
  metrics.set('topoServerReplicas', { ...labels, state: 'ready' }, workload.ready);
};

export interface ShardFigures {
  status: ShardStatus;
  desired: readonly DesiredPod[];
  /** Names of pods that are ready, and of those that run an older specification. */
  ready: ReadonlySet<string>;
  drifted: ReadonlySet<string>;
  views: readonly PoolerView[];
  /** Pods for which something is due, by what keeps it. */
  waiting: Readonly<Record<'held' | 'stuck' | 'blocked' | 'doing', readonly unknown[]>>;
  nowMs: number;
}

/** Standbys that may be lost now while writes go on, by what answers and streams now. */
const writeTolerance = (shard: Shard, { views, nowMs }: ShardFigures): number => {
  const leader = leaderOf(views)?.view;
  if (!leader?.status) return 0;
  const useful = views.filter(
    (view) => view !== leader && usefulStandby(view, leader, nowMs).useful,
  );
  return durabilityOf(policyInForce(shard), countByCell([leader, ...useful])).writeTolerance;
};

const poolGauges = (metrics: Metrics, shard: Shard, figures: ShardFigures): void => {
  if (shard.status?.observedGeneration !== shard.metadata.generation) {
    // The spec has changed: the series of a pool or cell that is no longer in it must not stay.
    const { cluster: _, ...own } = labelsOf(shard);
    removeAll({ metrics }, own, ...POOL_SERIES);
  }
  const rolling = isTrue(figures.status.conditions, 'RollingUpdate') ? 1 : 0;
  const groups = Map.groupBy(figures.desired, ({ pool, cell }) => `${pool}\n${cell}`);
  for (const [key, pods] of groups) {
    const [pool = '', cell = ''] = key.split('\n');
    const labels = { ...labelsOf(shard), pool, cell };
    const count = (names: ReadonlySet<string>): number =>
      pods.filter(({ name }) => names.has(name)).length;
    metrics.set('shardPoolReplicas', { ...labels, state: 'desired' }, pods.length);
    metrics.set('shardPoolReplicas', { ...labels, state: 'ready' }, count(figures.ready));
    metrics.set('poolPodsDrifted', labels, count(figures.drifted));
    metrics.set('rollingUpdate', labels, rolling);
  }
};

export const shardGauges = ({ metrics }: Deps, shard: Shard, figures: ShardFigures): void => {
  poolGauges(metrics, shard, figures);
  const labels = labelsOf(shard);
  metrics.set('writeTolerance', labels, writeTolerance(shard, figures));
  for (const state of ['held', 'stuck', 'blocked', 'doing'] as const) {
    metrics.set('podsWaiting', { ...labels, state }, figures.waiting[state].length);
  }
  const { lastBackupTime } = figures.status;
  if (lastBackupTime === undefined) return;
  metrics.set('lastBackupAge', labels, (figures.nowMs - Date.parse(lastBackupTime)) / 1000);
};

export const forgetCluster = (deps: Deps, { name, namespace }: Key): void => {
  removeAll(deps, { name, namespace }, 'clusterInfo');
  removeAll(deps, { cluster: name, namespace }, 'clusterCells', 'clusterShards');
};

export const forgetCell = (deps: Deps, { name, namespace }: Key): void =>
  removeAll(deps, { cell: name, namespace }, 'cellGatewayReplicas');

export const forgetTopo = (deps: Deps, { name, namespace }: Key): void =>
  removeAll(deps, { name, namespace }, 'topoServerReplicas');

export const forgetShard = (deps: Deps, { name, namespace }: Key): void => {
  const own = ['podsWaiting', 'writeTolerance', 'lastBackupAge', 'drainOperations'] as const;
  removeAll(deps, { shard: name, namespace }, ...POOL_SERIES, ...own);
};
