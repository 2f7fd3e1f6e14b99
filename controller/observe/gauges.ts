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
import type { Metrics } from '../metrics.ts';
import type { DesiredPod } from '../shard/desired/index.ts';
import { leaderOf, usefulStandby, type PoolerView } from '../shard/state/roles.ts';
import type { Workload } from './workload.ts';

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? '';
const clusterOf = (object: KubeObject): string => object.metadata.labels?.[LABELS.cluster] ?? '';

export const clusterGauges = (
  { metrics }: Deps,
  cluster: MultigresCluster,
  status: MultigresClusterStatus,
): void => {
  const { name } = cluster.metadata;
  const namespace = namespaceOf(cluster);
  metrics.remove('clusterInfo', { name, namespace });
  metrics.set('clusterInfo', { name, namespace, phase: status.phase ?? 'Unknown' }, 1);
  const shards = Object.values(status.databases ?? {});
  const labels = { cluster: name, namespace };
  metrics.set('clusterCells', labels, Object.keys(status.cells ?? {}).length);
  const total = shards.reduce((sum, { totalShards }) => sum + totalShards, 0);
  metrics.set('clusterShards', labels, total);
};

export const forgetCluster = ({ metrics }: Deps, { name, namespace }: Key): void => {
  metrics.remove('clusterInfo', { name, namespace });
  metrics.remove('clusterCells', { cluster: name, namespace });
  metrics.remove('clusterShards', { cluster: name, namespace });
};

export const cellGauges = ({ metrics }: Deps, cell: Cell, status: CellStatus): void => {
  const labels = { cell: cell.metadata.name, namespace: namespaceOf(cell) };
  metrics.set('cellGatewayReplicas', { ...labels, state: 'desired' }, status.gatewayReplicas);
  metrics.set('cellGatewayReplicas', { ...labels, state: 'ready' }, status.gatewayReadyReplicas);
};

export const forgetCell = ({ metrics }: Deps, { name, namespace }: Key): void =>
  metrics.remove('cellGatewayReplicas', { cell: name, namespace });

export const topoGauges = ({ metrics }: Deps, topo: TopoServer, workload: Workload): void => {
  const labels = { name: topo.metadata.name, namespace: namespaceOf(topo) };
  metrics.set('topoServerReplicas', { ...labels, state: 'desired' }, workload.desired);
  metrics.set('topoServerReplicas', { ...labels, state: 'ready' }, workload.ready);
};

export const forgetTopo = ({ metrics }: Deps, { name, namespace }: Key): void =>
  metrics.remove('topoServerReplicas', { name, namespace });

export interface ShardFigures {
  status: ShardStatus;
  desired: readonly DesiredPod[];
  /** Names of pods that are ready, and of those that run an older specification. */
  ready: ReadonlySet<string>;
  drifted: ReadonlySet<string>;
  views: readonly PoolerView[];
  nowMs: number;
}

/** Standbys that may be lost now while writes go on, by what answers and streams now. */
const writeTolerance = (shard: Shard, { views, nowMs }: ShardFigures): number => {
  const leader = leaderOf(views)?.view;
  if (!leader?.status) return 0;
  const useful = views.filter(
    (view) => view !== leader && usefulStandby(view, leader, nowMs).useful,
  );
  const policy = policyInForce(shard);
  const members = [leader, ...useful].map(({ id, cell }) => ({ id, cell }));
  return durabilityOf(policy, countByCell(members)).writeTolerance;
};

const poolGauges = (metrics: Metrics, shard: Shard, figures: ShardFigures): void => {
  if (shard.status?.observedGeneration !== shard.metadata.generation) {
    // The spec has changed: the series of a pool or cell that is no longer in it must not stay.
    const own = { shard: shard.metadata.name, namespace: namespaceOf(shard) };
    metrics.remove('shardPoolReplicas', own);
    metrics.remove('poolPodsDrifted', own);
  }
  const groups = Map.groupBy(figures.desired, ({ pool, cell }) => `${pool}\n${cell}`);
  for (const pods of groups.values()) {
    const [first] = pods;
    if (!first) continue;
    const labels = {
      cluster: clusterOf(shard),
      shard: shard.metadata.name,
      pool: first.pool,
      cell: first.cell,
      namespace: namespaceOf(shard),
    };
    const count = (names: ReadonlySet<string>): number =>
      pods.filter(({ name }) => names.has(name)).length;
    metrics.set('shardPoolReplicas', { ...labels, state: 'desired' }, pods.length);
    metrics.set('shardPoolReplicas', { ...labels, state: 'ready' }, count(figures.ready));
    metrics.set('poolPodsDrifted', labels, count(figures.drifted));
  }
};

export const shardGauges = ({ metrics }: Deps, shard: Shard, figures: ShardFigures): void => {
  poolGauges(metrics, shard, figures);
  const labels = {
    cluster: clusterOf(shard),
    shard: shard.metadata.name,
    namespace: namespaceOf(shard),
  };
  metrics.set('writeTolerance', labels, writeTolerance(shard, figures));
  const { lastBackupTime } = figures.status;
  if (lastBackupTime === undefined) return;
  metrics.set('lastBackupAge', labels, (figures.nowMs - Date.parse(lastBackupTime)) / 1000);
};

export const forgetShard = ({ metrics }: Deps, { name, namespace }: Key): void => {
  for (const metric of [
    'shardPoolReplicas',
    'poolPodsDrifted',
    'writeTolerance',
    'lastBackupAge',
    'drainOperations',
    'rollingUpdate',
  ] as const) {
    metrics.remove(metric, { shard: name, namespace });
  }
};
