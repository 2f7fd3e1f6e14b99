import { nonEmpty } from '../../schemas/compact.ts';
import type { EnvVar, KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS, selectorOf } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import { wholeUnits } from '../../schemas/quantity.ts';
import type { TopoServer } from '../../schemas/types.ts';
import { HEADLESS, claimSpec, podDisruptionBudget, service } from '../builders/objects.ts';
import type { BuildContext } from '../builders/context.ts';
import { envOf, POD_NAME, POD_NAMESPACE } from '../builders/env.ts';
import { childLabels, childMeta, identityOf } from '../builders/meta.ts';
import { placeLabels } from '../builders/place.ts';
import { serverPod } from '../builders/pod.ts';
import { pullFromAnnotations } from '../builders/pull.ts';
import { ETCD_RESOURCES } from '../builders/resources.ts';
import { RUN_AS } from '../builders/security.ts';

const DATA_DIR = '/var/lib/etcd';
const DATA_VOLUME = 'data';
/** Of a TopoServer made by hand; the resolver gives 1Gi. */
const FALLBACK_SIZE = '10Gi';
/** Old revisions are of no use to the runtime, which reads everything anew when a watch breaks. */
const COMPACTION = '1h';
/** etcd's own advice on the largest database, in bytes. */
const MAX_QUOTA = 8 * 1024 ** 3;
const DUAL_STACK = { ipFamilyPolicy: 'PreferDualStack' } as const;

/** Address that clients use, host:port. */
export const topoAddress = (name: string, namespace: string): string =>
  `${name}.${namespace}.svc:${PORTS.etcd.client}`;

type Topo = ReturnType<typeof topoOf>;

const topoOf = (topo: TopoServer, ctx: BuildContext) => {
  const id = identityOf(topo);
  const { name, labels = {} } = topo.metadata;
  const cell = labels[LABELS.cell];
  return {
    id,
    name,
    // The name keeps the global etcd's Services from also selecting the members of a cell's etcd.
    labels: childLabels(id, COMPONENTS.toposerver, {
      ...(cell !== undefined && { [LABELS.cell]: cell }),
      [LABELS.toposerver]: name,
    }),
    replicas: topo.spec?.etcd?.replicas ?? 3,
    domain: `svc.${ctx.clusterDomain ?? 'cluster.local'}`,
  };
};

/**
 * Bytes that the database may grow to: half of the volume, the rest is for the write-ahead log (five
 * files of 64 MB) and snapshots. At the quota etcd refuses writes and says why; a full disk stops it.
 */
export const backendQuota = (size: string): number | undefined => {
  const bytes = wholeUnits(size);
  return bytes === undefined ? undefined : Math.min(Math.floor(bytes / 2), MAX_QUOTA);
};

/** Variables that configure etcd. The pod's names come first: the others expand them. */
const etcdEnv = (topo: Topo, quota: number | undefined): EnvVar[] => {
  const { client, peer, metrics } = PORTS.etcd;
  const headless = names.headless(topo.name);
  const self = `http://$(POD_NAME).${headless}.$(POD_NAMESPACE).${topo.domain}`;
  const members = Array.from({ length: topo.replicas }, (_, i) => `${topo.name}-${i}`).map(
    (member) =>
      `${member}=http://${member}.${headless}.${topo.id.namespace}.${topo.domain}:${peer}`,
  );
  const settings = {
    ETCD_NAME: '$(POD_NAME)',
    ETCD_DATA_DIR: DATA_DIR,
    ETCD_LISTEN_CLIENT_URLS: `http://[::]:${client}`,
    ETCD_LISTEN_PEER_URLS: `http://[::]:${peer}`,
    ETCD_LISTEN_METRICS_URLS: `http://[::]:${metrics}`,
    ETCD_ADVERTISE_CLIENT_URLS: `${self}:${client}`,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: `${self}:${peer}`,
    ETCD_INITIAL_CLUSTER_STATE: 'new',
    ETCD_INITIAL_CLUSTER_TOKEN: topo.name,
    ETCD_INITIAL_CLUSTER: members.join(','),
    ETCD_AUTO_COMPACTION_MODE: 'periodic',
    ETCD_AUTO_COMPACTION_RETENTION: COMPACTION,
    ...(quota !== undefined && { ETCD_QUOTA_BACKEND_BYTES: `${quota}` }),
  };
  return [POD_NAME, POD_NAMESPACE, ...envOf(settings)];
};

const etcdPod = (spec: TopoServer, topo: Topo, ctx: BuildContext): PodSpec => {
  const etcd = spec.spec?.etcd;
  return serverPod(
    {
      name: 'etcd',
      image: etcd?.image ?? ctx.images.etcd,
      pull: pullFromAnnotations(spec),
      user: RUN_AS.server,
      env: etcdEnv(topo, backendQuota(etcd?.storage?.size ?? FALLBACK_SIZE)),
      ports: PORTS.etcd,
      probes: {
        port: PORTS.etcd.metrics,
        paths: { startup: '/readyz', liveness: '/livez', readiness: '/readyz' },
      },
      resources: nonEmpty(etcd?.resources) ?? ETCD_RESOURCES,
      parts: [{ mounts: [{ name: DATA_VOLUME, mountPath: DATA_DIR }] }],
      scheduling: {
        place: placeLabels(spec.metadata.labels),
        tolerations: spec.spec?.placement?.tolerations,
        spread: selectorOf(topo.labels),
      },
      graceSeconds: 30,
    },
    ctx,
  );
};

const statefulSet = (spec: TopoServer, topo: Topo, ctx: BuildContext): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: childMeta(topo.id, topo.name, topo.labels),
  spec: {
    replicas: topo.replicas,
    serviceName: names.headless(topo.name),
    podManagementPolicy: 'Parallel',
    updateStrategy: { type: 'RollingUpdate' },
    // Deleting the StatefulSet by hand must never delete the topology: the cluster's finalizer
    // decides about the claims.
    persistentVolumeClaimRetentionPolicy: {
      whenDeleted: 'Retain',
      whenScaled: spec.spec?.pvcDeletionPolicy?.whenScaled ?? 'Retain',
    },
    selector: { matchLabels: selectorOf(topo.labels) },
    template: { metadata: { labels: topo.labels }, spec: etcdPod(spec, topo, ctx) },
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: DATA_VOLUME, labels: topo.labels },
        spec: claimSpec(spec.spec?.etcd?.storage, FALLBACK_SIZE),
      },
    ],
  },
});

/**
 * The etcd of a TopoServer: StatefulSet, headless and client Service, disruption budget. No TLS:
 * the runtime has no flags for it.
 */
export const topoServerChildren = (spec: TopoServer, ctx: BuildContext): KubeObject[] => {
  const topo = topoOf(spec, ctx);
  const { id, name, labels } = topo;
  const { client, peer } = PORTS.etcd;
  const peers = { spec: { ...HEADLESS, ...DUAL_STACK } };
  return [
    service(id, names.headless(name), labels, { client, peer }, peers),
    service(id, name, labels, { client }, { spec: DUAL_STACK }),
    podDisruptionBudget(id, name, labels, { maxUnavailable: 1 }),
    statefulSet(spec, topo, ctx),
  ];
};
