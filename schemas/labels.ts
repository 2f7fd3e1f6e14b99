/** Label keys. The values of upstream's keys keep upstream's meaning. */
export const LABELS = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
  cluster: 'multigres.com/cluster',
  cell: 'multigres.com/cell',
  database: 'multigres.com/database',
  tablegroup: 'multigres.com/tablegroup',
  shard: 'multigres.com/shard',
  pool: 'multigres.com/pool',
  /** Ours: index of a pool pod, on the pod and on the Service of that pod. */
  index: 'multigres.com/index',
  /** Ours: name of a pool pod's pooler in the topology, by which budgets tell the pods apart. */
  pooler: 'multigres.com/pooler',
  /** Ours: name of the TopoServer, so that the global etcd's Services never select a cell's etcd. */
  toposerver: 'multigres.com/toposerver',
  zoneId: 'multigres.com/zone-id',
  region: 'multigres.com/region',
  role: 'multigres.com/role',
  /** On claims whose pod is gone; UTC time as 2006-01-02T15-04-05Z. */
  orphanSince: 'multigres.com/orphan-since',
  usesCoreTemplate: 'multigres.com/uses-core-template',
  usesCellTemplate: 'multigres.com/uses-cell-template',
  usesShardTemplate: 'multigres.com/uses-shard-template',
} as const;

/** Values of `multigres.com/role` on pool pods. Upstream's DRAINED is never given by the runtime. */
export const POD_ROLES = { primary: 'primary', replica: 'replica' } as const;

/** Where kubectl keeps the text of the last client-side apply. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Annotation keys. */
export const ANNOTATIONS = {
  projectRef: 'multigres.com/project-ref',
  specHash: 'multigres.com/spec-hash',
  postgresConfigHash: 'multigres.com/postgres-config-hash',
  postgresReloadHash: 'multigres.com/postgres-reload-hash',
  /** Ours: the settings a pod is to have; its change makes the kubelet bring the ConfigMap in at once. */
  postgresReloadWanted: 'multigres.com/postgres-reload-wanted',
  drainState: 'drain.multigres.com/state',
  drainRequestedAt: 'drain.multigres.com/requested-at',
  /** Ours, beside upstream's two: why a pod is on its way out, and how its leadership was moved. */
  drainPurpose: 'drain.multigres.com/purpose',
  drainReason: 'drain.multigres.com/reason',
  drainSwitch: 'drain.multigres.com/switch',
  drainRequest: 'drain.multigres.com/request',
  pendingDeletion: 'multigres.com/pending-deletion',
  /** Ours, on data claims: what a Postgres on this data must have at least, as `name=value,...`. */
  postgresFloor: 'multigres.com/postgres-floor',
  appliedImages: 'multigres.com/applied-images',
  /** Ours, on every object that we apply: hash of what was wanted of it then. */
  intent: 'multigres.com/intent',
  traceparent: 'multigres.com/traceparent',
  traceparentTs: 'multigres.com/traceparent-ts',
  tracestate: 'multigres.com/tracestate',
  certStrategy: 'multigres.com/cert-strategy',
  /** On an object of ours: ids of policies, separated by commas, that its change may break. */
  bypassPolicies: 'multigres.com/bypass-policies',
  /** Why; without it the annotation above counts for nothing. */
  bypassReason: 'multigres.com/bypass-reason',
  /** On a cluster: `"true"` forbids its deletion, `"false"` allows it whatever the operator's default. */
  deletionProtection: 'multigres.com/deletion-protection',
  /**
   * On a cluster: `"true"` stops every write of the controller but statuses and Events; each object
   * then says so by the condition `Paused`.
   */
  paused: 'multigres.com/paused',
  /** On a cluster, handed down to its Shards: id of a request to move the primary; each id is served once. */
  switchover: 'multigres.com/switchover',
  /** On the etcd of a cell that uses another topology: since when the topology says so, RFC 3339. */
  unusedSince: 'multigres.com/unused-since',
  prometheusScrape: 'prometheus.io/scrape',
  prometheusPort: 'prometheus.io/port',
  prometheusPath: 'prometheus.io/path',
} as const;

/** Followed by the id of a policy: a label of a Namespace with the policy's mode there. */
export const POLICY_LABEL_PREFIX = 'policies.multigres.com/';

export const FINALIZERS = {
  /** Cluster: children and topology records go first. */
  clusterCleanup: 'multigres.com/cluster-cleanup',
  /** Shard: claims are handed over before the Shard goes. */
  shardPvcOrphan: 'multigres.com/shard-pvc-orphan',
} as const;

/** Label keys of the nodes' place in the world that cells name, strongest first. */
export const NODE_LABELS = {
  zoneId: 'topology.k8s.aws/zone-id',
  region: 'topology.kubernetes.io/region',
  zone: 'topology.kubernetes.io/zone',
} as const;

/** Of these those that may carry the zone of a cell: the one that the API pins by, then what every platform sets. */
export const ZONE_LABELS: readonly string[] = [NODE_LABELS.zoneId, NODE_LABELS.zone];

export const MANAGED_BY = 'multigres-operator';
const PART_OF = 'multigres';

/** Server-side apply field managers. */
export const FIELD_MANAGERS = {
  controller: 'multigres-controller',
  webhook: 'multigres-webhook',
} as const;

/** Values of `app.kubernetes.io/component`. */
export const COMPONENTS = {
  cell: 'cell',
  tablegroup: 'tablegroup',
  shard: 'shard',
  globalTopo: 'global-topo',
  localTopo: 'local-topo',
  toposerver: 'toposerver',
  multiadmin: 'multiadmin',
  multiadminWeb: 'multiadmin-web',
  multigateway: 'multigateway',
  multiorch: 'multiorch',
  pool: 'shard-pool',
  pgHba: 'pg-hba-config',
  postgresConfig: 'postgres-config',
  exporterQueries: 'postgres-exporter-queries',
  pgbackrestTls: 'pgbackrest-tls',
} as const;

/** The labels that every child of a cluster carries. User labels never win over them. */
export const standardLabels = (cluster: string, component: string): Record<string, string> => ({
  [LABELS.name]: 'multigres',
  [LABELS.instance]: cluster,
  [LABELS.component]: component,
  [LABELS.partOf]: PART_OF,
  [LABELS.managedBy]: MANAGED_BY,
  [LABELS.cluster]: cluster,
});

/** Keys that may enter a selector: identity only, never what may change on a living object. */
const SELECTOR_KEYS: readonly string[] = [
  LABELS.component,
  LABELS.instance,
  LABELS.cluster,
  LABELS.database,
  LABELS.tablegroup,
  LABELS.shard,
  LABELS.pool,
  LABELS.cell,
  LABELS.toposerver,
  LABELS.index,
];

/** The part of an object's labels that selects its pods. */
export const selectorOf = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    SELECTOR_KEYS.flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );

/** Labels of the nodes on which a cell's pods may run; empty when the cell names no place. */
export const cellNodeSelector = (
  cell: { zoneId?: string; region?: string },
  zoneKey: string = NODE_LABELS.zoneId,
): Record<string, string> => {
  if (cell.zoneId) return { [zoneKey]: cell.zoneId };
  if (cell.region) return { [NODE_LABELS.region]: cell.region };
  return {};
};
