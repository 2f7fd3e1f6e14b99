import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

interface MetricDef {
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  labels: readonly string[];
  /** Upper bounds in seconds, histograms only. */
  buckets?: readonly number[];
}

const SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const OWN = 'multigres_operator_';

const gauge = (name: string, help: string, labels: string[] = []): MetricDef => ({
  name,
  type: 'gauge',
  help,
  labels,
});
const counter = (name: string, help: string, labels: string[] = []): MetricDef => ({
  name,
  type: 'counter',
  help,
  labels,
});
const histogram = (name: string, help: string, labels: string[] = []): MetricDef => ({
  name,
  type: 'histogram',
  help,
  labels,
  buckets: SECONDS,
});

const pool = ['cluster', 'shard', 'pool', 'cell', 'namespace'];

/**
 * Every series of the controller: the one list for code, docs and alert rules. Names without our
 * prefix are those that dashboards and alerts for Kubernetes controllers already use.
 */
export const METRICS = {
  clusterInfo: gauge(
    `${OWN}cluster_info`,
    'Always 1; the phase of a cluster is in the label of that name.',
    ['name', 'namespace', 'phase'],
  ),
  clusterCells: gauge(`${OWN}cluster_cells_total`, 'Cells of a cluster.', ['cluster', 'namespace']),
  clusterShards: gauge(`${OWN}cluster_shards_total`, 'Shards of a cluster.', [
    'cluster',
    'namespace',
  ]),
  cellGatewayReplicas: gauge(
    `${OWN}cell_gateway_replicas`,
    'Gateway replicas of a cell; state is desired or ready.',
    ['cell', 'namespace', 'state'],
  ),
  shardPoolReplicas: gauge(
    `${OWN}shard_pool_replicas`,
    'Pool members of a cell; state is desired or ready.',
    [...pool, 'state'],
  ),
  poolPodsDrifted: gauge(
    `${OWN}pool_pods_drifted`,
    'Pods that differ from what the spec asks for and wait for replacement.',
    pool,
  ),
  topoServerReplicas: gauge(
    `${OWN}toposerver_replicas`,
    'Members of an etcd cluster; state is desired or ready.',
    ['name', 'namespace', 'state'],
  ),
  lastBackupAge: gauge(
    `${OWN}last_backup_age_seconds`,
    'Age of the newest complete backup of a shard.',
    ['cluster', 'shard', 'namespace'],
  ),
  drainOperations: counter(
    `${OWN}drain_operations_total`,
    'Drains that ended; result is success, timeout or cancelled.',
    ['cluster', 'shard', 'namespace', 'result'],
  ),
  rollingUpdate: gauge(
    `${OWN}rolling_update_in_progress`,
    '1 while members of a pool are replaced one by one.',
    pool,
  ),
  writeTolerance: gauge(
    `${OWN}shard_write_tolerance`,
    'Members of a shard that may fail while it still accepts writes.',
    ['cluster', 'shard', 'namespace'],
  ),
  reconcileErrors: counter(`${OWN}reconcile_errors_total`, 'Reconciles that ended in an error.', [
    'controller',
    'name',
    'namespace',
  ]),
  reconcileTotal: counter(
    'controller_runtime_reconcile_total',
    'Reconciles; result is success, requeue_after, terminal, conflict, ending or error.',
    ['controller', 'result'],
  ),
  reconcileTime: histogram(
    'controller_runtime_reconcile_time_seconds',
    'Duration of one reconcile.',
    ['controller'],
  ),
  activeWorkers: gauge('controller_runtime_active_workers', 'Reconciles running now.', [
    'controller',
  ]),
  queueDepth: gauge('workqueue_depth', 'Keys that are ready and wait for a worker.', ['name']),
  queueAdds: counter('workqueue_adds_total', 'Keys added to a queue.', ['name']),
  queueRetries: counter('workqueue_retries_total', 'Keys put back after an error.', ['name']),
  queueWait: histogram(
    'workqueue_queue_duration_seconds',
    'Time from the adding of a key to the start of its work.',
    ['name'],
  ),
  leader: gauge('leader_election_master_status', '1 on the instance that holds the lease.', [
    'name',
  ]),
  apiRequests: counter(
    'rest_client_requests_total',
    'Requests to the Kubernetes API by status code; code 0 is no answer.',
    ['method', 'code'],
  ),
  apiWaits: histogram(
    'rest_client_rate_limiter_duration_seconds',
    'Time that requests waited for the rate limit of the client.',
    ['method'],
  ),
  watchRestarts: counter(
    `${OWN}watch_restarts_total`,
    'Watches opened again; reason is end, error or relist.',
    ['kind', 'reason'],
  ),
  cachedObjects: gauge(`${OWN}cached_objects`, 'Objects in the local copy.', ['kind']),
  eventsDropped: counter(
    `${OWN}events_dropped_total`,
    'Events not written; reason is repeated, rate, full or error.',
    ['reason'],
  ),
} as const satisfies Record<string, MetricDef>;

type MetricName = keyof typeof METRICS;
type Labels = Record<string, string>;

export interface Metrics {
  /** Sets a gauge. */
  set(name: MetricName, labels: Labels, value: number): void;
  /** Adds to a gauge or counter; 1 when `by` is absent. */
  add(name: MetricName, labels: Labels, by?: number): void;
  /** Notes a duration in seconds. */
  observe(name: MetricName, labels: Labels, seconds: number): void;
  /** Removes the series that carry all of `labels`: call it when their object is gone. */
  remove(name: MetricName, labels: Labels): void;
  /** All series in the text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** @param processMetrics adds memory, CPU and event loop of the process */
export function createMetrics(processMetrics = false): Metrics {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const gauges = new Map<MetricName, Gauge>();
  const counters = new Map<MetricName, Counter>();
  const histograms = new Map<MetricName, Histogram>();
  for (const [key, def] of Object.entries(METRICS) as [MetricName, MetricDef][]) {
    const config = {
      name: def.name,
      help: def.help,
      labelNames: [...def.labels],
      registers: [registry],
    };
    if (def.type === 'gauge') gauges.set(key, new Gauge(config));
    else if (def.type === 'counter') counters.set(key, new Counter(config));
    else histograms.set(key, new Histogram({ ...config, buckets: [...(def.buckets ?? SECONDS)] }));
  }
  const each = (name: MetricName) => gauges.get(name) ?? counters.get(name) ?? histograms.get(name);
  return {
    set: (name, labels, value) => gauges.get(name)?.set(labels, value),
    add(name, labels, by = 1) {
      gauges.get(name)?.inc(labels, by);
      counters.get(name)?.inc(labels, by);
    },
    observe: (name, labels, seconds) => histograms.get(name)?.observe(labels, seconds),
    remove(name, labels) {
      const metric = each(name);
      const wanted = Object.entries(labels);
      for (const found of seriesOf(metric)) {
        if (wanted.every(([key, value]) => found[key] === value)) metric?.remove(found);
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Label sets of a metric, from its own map: the public reader is asynchronous and costs a copy. */
function seriesOf(metric: object | undefined): Labels[] {
  const map = metric && 'hashMap' in metric ? metric.hashMap : undefined;
  if (typeof map !== 'object' || map === null) return [];
  return Object.values(map as Record<string, { labels: Labels }>).map((entry) => entry.labels);
}
