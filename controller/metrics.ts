import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

interface MetricDef {
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  labels: string[];
}

const SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const OWN = 'multigres_operator_';

/** `series`: name and labels as Prometheus writes them, `name{label,label}`. */
const metric =
  (type: MetricDef['type']) =>
  (series: string, help: string): MetricDef => {
    const [name = '', labels = ''] = series.split(/[{}]/);
    return { name, type, help, labels: labels.split(',') };
  };
const gauge = metric('gauge');
const counter = metric('counter');
const histogram = metric('histogram');

const shard = 'cluster,shard,namespace';
const pool = 'cluster,shard,pool,cell,namespace';

/**
 * Every series of the controller: the one list for code, docs and alert rules. Names without our
 * prefix are those that dashboards and alerts for Kubernetes controllers already use.
 */
export const METRICS = {
  clusterInfo: gauge(
    `${OWN}cluster_info{name,namespace,phase}`,
    'Always 1; the phase of a cluster is in the label of that name.',
  ),
  clusterCells: gauge(`${OWN}cluster_cells_total{cluster,namespace}`, 'Cells of a cluster.'),
  clusterShards: gauge(`${OWN}cluster_shards_total{cluster,namespace}`, 'Shards of a cluster.'),
  cellGatewayReplicas: gauge(
    `${OWN}cell_gateway_replicas{cell,namespace,state}`,
    'Gateway replicas of a cell; state is desired or ready.',
  ),
  shardPoolReplicas: gauge(
    `${OWN}shard_pool_replicas{${pool},state}`,
    'Pool members of a cell; state is desired or ready.',
  ),
  poolPodsDrifted: gauge(
    `${OWN}pool_pods_drifted{${pool}}`,
    'Pods that differ from what the spec asks for and wait for replacement.',
  ),
  topoServerReplicas: gauge(
    `${OWN}toposerver_replicas{name,namespace,state}`,
    'Members of an etcd cluster; state is desired or ready.',
  ),
  lastBackupAge: gauge(
    `${OWN}last_backup_age_seconds{${shard}}`,
    'Age of the newest complete backup of a shard.',
  ),
  drainOperations: counter(
    `${OWN}drain_operations_total{${shard},result}`,
    'Drains that ended; result is success, timeout or cancelled.',
  ),
  rollingUpdate: gauge(
    `${OWN}rolling_update_in_progress{${pool}}`,
    '1 while pods of the shard are replaced one by one.',
  ),
  podsWaiting: gauge(
    `${OWN}shard_pods_waiting{${shard},state}`,
    'Pods for which something is due; state is held (not created yet), stuck (nobody ends it), blocked (a check refuses) or doing.',
  ),
  writeTolerance: gauge(
    `${OWN}shard_write_tolerance{${shard}}`,
    'Members of a shard that may fail while it still accepts writes.',
  ),
  reconcileErrors: counter(
    `${OWN}reconcile_errors_total{controller,name,namespace}`,
    'Reconciles that ended in an error.',
  ),
  reconcileTotal: counter(
    'controller_runtime_reconcile_total{controller,result}',
    'Reconciles; result is success, requeue_after, terminal, conflict, ending or error.',
  ),
  reconcileTime: histogram(
    'controller_runtime_reconcile_time_seconds{controller}',
    'Duration of one reconcile.',
  ),
  activeWorkers: gauge('controller_runtime_active_workers{controller}', 'Reconciles running now.'),
  queueDepth: gauge('workqueue_depth{name}', 'Keys that are ready and wait for a worker.'),
  queueAdds: counter('workqueue_adds_total{name}', 'Keys added to a queue.'),
  queueRetries: counter('workqueue_retries_total{name}', 'Keys put back after an error.'),
  queueWait: histogram(
    'workqueue_queue_duration_seconds{name}',
    'Time from the adding of a key to the start of its work.',
  ),
  leader: gauge('leader_election_master_status{name}', '1 on the instance that holds the lease.'),
  apiRequests: counter(
    'rest_client_requests_total{method,code}',
    'Requests to the Kubernetes API by status code; code 0 is no answer.',
  ),
  apiWaits: histogram(
    'rest_client_rate_limiter_duration_seconds{method}',
    'Time that requests waited for the rate limit of the client.',
  ),
  watchRestarts: counter(
    `${OWN}watch_restarts_total{kind,reason}`,
    'Watches opened again; reason is end, error or relist.',
  ),
  cachedObjects: gauge(`${OWN}cached_objects{kind}`, 'Objects in the local copy.'),
  eventsDropped: counter(
    `${OWN}events_dropped_total{reason}`,
    'Events not written; reason is repeated, rate, full or error.',
  ),
} as const satisfies Record<string, MetricDef>;

export type MetricName = keyof typeof METRICS;
type Labels = Record<string, string>;

export type Metrics = ReturnType<typeof createMetrics>;

/** @param processMetrics adds memory, CPU and event loop of the process */
export function createMetrics(processMetrics = false) {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const metrics = new Map<string, Gauge | Counter | Histogram>();
  for (const [key, { name, type, help, labels }] of Object.entries<MetricDef>(METRICS)) {
    const config = { name, help, labelNames: labels, registers: [registry] };
    if (type === 'gauge') metrics.set(key, new Gauge(config));
    else if (type === 'counter') metrics.set(key, new Counter(config));
    else metrics.set(key, new Histogram({ ...config, buckets: SECONDS }));
  }
  return {
    /** Sets a gauge. */
    set(name: MetricName, labels: Labels, value: number): void {
      const found = metrics.get(name);
      if (found instanceof Gauge) found.set(labels, value);
    },
    /** Adds to a gauge or counter. */
    add(name: MetricName, labels: Labels, by = 1): void {
      const found = metrics.get(name);
      if (found instanceof Gauge || found instanceof Counter) found.inc(labels, by);
    },
    /** Notes a duration in seconds. */
    observe(name: MetricName, labels: Labels, seconds: number): void {
      const found = metrics.get(name);
      if (found instanceof Histogram) found.observe(labels, seconds);
    },
    /** Removes the series that carry all of `labels`: call it when their object is gone. */
    remove(name: MetricName, labels: Labels): void {
      const found = metrics.get(name);
      const wanted = Object.entries(labels);
      for (const series of seriesOf(found)) {
        if (wanted.every(([key, value]) => series[key] === value)) found?.remove(series);
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType as string,
  };
}

/** Label sets of a metric, from its own map: the public reader is asynchronous and costs a copy. */
function seriesOf(metric: object | undefined): Labels[] {
  const map = metric && 'hashMap' in metric ? metric.hashMap : undefined;
  if (typeof map !== 'object' || map === null) return [];
  return Object.values(map as Record<string, { labels: Labels }>).map((entry) => entry.labels);
}
