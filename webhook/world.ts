import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import { listAll } from '../kube/informer.ts';
import { compact } from '../schemas/compact.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import type { TemplateKind } from '../schemas/resolve/templates.ts';
import type { Templates } from '../schemas/resolve/types.ts';
import type { MultigresCluster, Shard, ShardOverrides, ShardTemplate } from '../schemas/types.ts';
import type { Live } from './live.ts';
import { isTemplate, usesTemplate } from './policies/consumers.ts';
import { changesMetadataOnly, type PolicyKind } from './policies/policy.ts';
import { sameJson } from '../schemas/canonical.ts';
import type { PolicySettings, WorldClaim, World } from './policies/world.ts';
import { subjectOf, type AdmissionRequest } from './review.ts';
import type { ClaimStatus } from './trim.ts';
import { templatesFor } from './templates-for.ts';

export interface WorldDeps {
  live: Omit<Live, 'informers'>;
  kube: Pick<KubeApi, 'get' | 'list'>;
  clock: Pick<Clock, 'now'>;
  zoneLabels: readonly string[];
  /** Time since the controller was last heard of, ms; undefined = unknown. See controllerLease. */
  controllerAgeMs(): Promise<number | undefined>;
  /** What the operator of this installation decided, as of now. */
  settings?: () => PolicySettings;
  log: { warn(fields: object, message?: string): void };
}

/**
 * What the policies may know for one request. Copies may lag behind by a moment, so what decides
 * is read live: a template that a cluster names and the copy lacks (it may come from the same
 * `kubectl apply`), the users of a template that is about to go, Secrets and ConfigMaps. Whether the
 * controller lives is asked for only when something that exists is about to change.
 */
export async function worldFor(
  deps: WorldDeps,
  kind: PolicyKind,
  request: AdmissionRequest,
): Promise<World> {
  if (kind === 'MultigresCluster') return worldOfCluster(deps, request);
  return isTemplate(kind) ? worldOfTemplate(deps, kind, request) : {};
}

async function worldOfCluster(deps: WorldDeps, request: AdmissionRequest): Promise<World> {
  const { namespace } = request;
  const clusters = [request.object, request.oldObject].filter(Boolean) as MultigresCluster[];
  const [cluster] = clusters;
  if (!cluster) return {};
  const exists = request.operation !== 'CREATE';
  const [templates, secrets, controllerAgeMs] = await Promise.all([
    templatesFor(deps, namespace, clusters),
    request.object ? secretsFor(deps, namespace, cluster) : {},
    exists ? deps.controllerAgeMs() : undefined,
  ]);
  const names = request.object ? configMapNames(cluster, templates) : [];
  const about = { cluster: cluster.metadata.name };
  const configMaps = await readConfigMaps(deps, namespace, names, about);
  const rest = around(deps, [`${namespace}/${request.name}`], controllerAgeMs);
  return { templates, secrets, configMaps, ...rest };
}

/**
 * The clusters that use a template, and what runs of them: an edit of the template is an update of
 * each. All from the copies, but for what a deletion needs and a ConfigMap that the template newly
 * names. Nobody looks at an edit of metadata.
 */
async function worldOfTemplate(
  deps: WorldDeps,
  kind: TemplateKind,
  request: AdmissionRequest,
): Promise<World> {
  const { namespace, name, operation, object, oldObject: old } = request;
  if (changesMetadataOnly(subjectOf(request))) return {};
  const all =
    operation === 'DELETE'
      ? (await listAll(deps.kube, KINDS.MultigresCluster, { namespace, limit: 500 })).items
      : deps.live.listers.MultigresCluster.list(namespace);
  const clusters = (all as MultigresCluster[]).filter((one) => usesTemplate(one, kind, name));
  if (clusters.length === 0) return { clusters };
  const [templates, controllerAgeMs, configMaps] = await Promise.all([
    templatesFor(deps, namespace, clusters),
    deps.controllerAgeMs(),
    readConfigMaps(deps, namespace, newRefs(object, old), { template: name }),
  ]);
  const keys = clusters.map(({ metadata }) => `${namespace}/${metadata.name}`);
  return { clusters, templates, configMaps, ...around(deps, keys, controllerAgeMs) };
}

/** ConfigMaps that a template names and did not name that way before. */
function newRefs(object: KubeObject | undefined, old: KubeObject | undefined): string[] {
  const [now, was] = [object, old].map(
    (template) => (template as ShardTemplate | undefined)?.spec?.postgresConfigRef,
  );
  return now && !sameJson(now, was) ? [now.name] : [];
}

/** Nodes and classes, and what runs of some clusters, given as `namespace/name`. */
function around(
  { live, clock, zoneLabels, settings }: WorldDeps,
  clusters: readonly string[],
  controllerAgeMs: number | undefined,
): World {
  const { Shard: shards, PersistentVolumeClaim: claims } = live.listers;
  return {
    zoneLabels,
    nodes: live.nodes(),
    ...(live.nodeIndex ? { nodeIndex: live.nodeIndex() } : {}),
    storageClasses: live.storageClasses(),
    shards: clusters.flatMap((key) => shards.byIndex('cluster', key) as Shard[]),
    claims: clusters.flatMap((key) => claims.byIndex('cluster', key).map(worldClaim)),
    ...(controllerAgeMs === undefined
      ? {}
      : { liveAgeMs: Math.max(controllerAgeMs, live.lostMs()) }),
    nowMs: clock.now(),
    ...(settings ? { settings: settings() } : {}),
  };
}

interface ClaimSpec {
  accessModes?: string[];
  storageClassName?: string;
  resources?: { requests?: { storage?: string } };
}

export function worldClaim({ metadata, spec, status }: KubeObject): WorldClaim {
  const { accessModes = [], storageClassName, resources } = (spec ?? {}) as ClaimSpec;
  const { phase, capacity, allocatedResourceStatuses } = (status ?? {}) as ClaimStatus;
  const bound = phase === 'Bound' || phase === 'Lost';
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    accessModes,
    bound,
    ...compact({
      storageClass: storageClassName,
      requested: resources?.requests?.storage,
      capacity: bound ? capacity?.['storage'] : undefined,
    }),
    ...(allocatedResourceStatuses?.['storage']?.endsWith('Infeasible')
      ? { resizeFailed: true }
      : {}),
  };
}

/** Names of keys only. A Secret that cannot be read is left out: unknown, not missing. */
async function secretsFor(
  deps: WorldDeps,
  namespace: string,
  cluster: MultigresCluster,
): Promise<Record<string, readonly string[] | null>> {
  const name = cluster.spec?.postgresPasswordSecretRef?.name;
  if (!name) return {};
  try {
    return { [name]: await deps.live.secretKeys(namespace, name) };
  } catch (error) {
    const where = { ns: namespace, cluster: cluster.metadata.name };
    deps.log.warn({ err: error, ...where }, 'cannot look for the Secret');
    return {};
  }
}

/** Data of ConfigMaps. One that cannot be read is left out: unknown, not missing. */
async function readConfigMaps(
  deps: WorldDeps,
  namespace: string,
  names: readonly string[],
  about: object,
): Promise<Record<string, Record<string, string> | null>> {
  if (names.length === 0) return {};
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        const object = await deps.kube.get({ kind: KINDS.ConfigMap, namespace, name });
        return [[name, object ? (object.data ?? {}) : null] as const];
      } catch (error) {
        const where = { ns: namespace, ...about, configMap: name };
        deps.log.warn({ err: error, ...where }, 'cannot look for the ConfigMap');
        return [];
      }
    }),
  );
  return Object.fromEntries(found.flat());
}

/** Those of the cluster's own text and of the templates that it uses; `default` applies unnamed. */
function configMapNames(cluster: MultigresCluster, templates: Templates): string[] {
  const written = (cluster.spec?.databases ?? []).flatMap(({ tablegroups = [] }) =>
    tablegroups.flatMap(({ shards = [] }) =>
      shards.flatMap(({ spec, overrides }) => [spec, overrides]),
    ),
  );
  const used = Object.entries(templates.shard).flatMap(([name, { spec }]) =>
    spec?.postgresConfigRef && usesTemplate(cluster, 'ShardTemplate', name) ? spec : [],
  );
  const layers: (Pick<ShardOverrides, 'postgresConfigRef'> | undefined)[] = [...written, ...used];
  return [...new Set(layers.flatMap((layer) => layer?.postgresConfigRef?.name || []))];
}
