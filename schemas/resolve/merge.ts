import { compact } from '../compact.ts';
import type { ResourceRequirements } from '../k8s.ts';
import type {
  ContainerSpec,
  Etcd,
  FailoverTimers,
  Gateway,
  GatewayBuffer,
  Multiorch,
  Placement,
  Pool,
  ShardInlineSpec,
  Stateless,
  Storage,
} from '../types.ts';
import { own } from '../own.ts';

/**
 * How an upper layer of a spec lies over a lower one, field by field. Layers, weakest first:
 * built-in, template, overrides, inline spec. Nothing here adds defaults.
 */

type Map = Readonly<Record<string, string>>;

/** Upper wins per key; a key cannot be deleted. */
const mergeMaps = (
  lower: Map | undefined,
  upper: Map | undefined,
): Record<string, string> | undefined => (lower || upper ? { ...lower, ...upper } : undefined);

/** Lists that count only when they hold something: an empty one cannot clear the lower one. */
const filled = <T>(list: readonly T[] | undefined): T[] | undefined =>
  list && list.length > 0 ? [...list] : undefined;

/**
 * The upper block as a whole if any of its three parts is there, even as an empty map: `{}`
 * inherits, `{limits: {}}` means no resources at all.
 */
const mergeResources = (
  lower: ResourceRequirements | undefined,
  upper: ResourceRequirements | undefined,
): ResourceRequirements | undefined =>
  upper && (upper.requests ?? upper.limits ?? upper.claims) ? upper : lower;

export const mergeStateless = (
  lower: Stateless | undefined,
  upper: Stateless | undefined,
): Stateless =>
  // Nothing above it: most layers are not written, and a merge costs an object each time.
  !upper
    ? (lower ?? {})
    : compact({
        replicas: upper?.replicas ?? lower?.replicas,
        resources: mergeResources(lower?.resources, upper?.resources),
        affinity: upper?.affinity ?? lower?.affinity,
        podAnnotations: mergeMaps(lower?.podAnnotations, upper?.podAnnotations),
        podLabels: mergeMaps(lower?.podLabels, upper?.podLabels),
      });

/** The upper object as a whole if present: `{}` clears tolerations. */
export const mergePlacement = (
  lower: Placement | undefined,
  upper: Placement | undefined,
): Placement | undefined => upper ?? lower;

/** Every field is a scalar: the upper's where written. */
const mergeFields = <T extends GatewayBuffer | FailoverTimers>(
  lower: T | undefined,
  upper: T | undefined,
): T | undefined => (lower || upper ? ({ ...lower, ...compact({ ...upper }) } as T) : undefined);

export const mergeGateway = (lower: Gateway | undefined, upper: Gateway | undefined): Gateway =>
  !upper
    ? (lower ?? {})
    : compact({
        ...mergeStateless(lower, upper),
        buffer: mergeFields(lower?.buffer, upper?.buffer),
      });

const mergeMultiorch = (lower: Multiorch | undefined, upper: Multiorch | undefined): Multiorch =>
  compact({
    ...mergeStateless(lower, upper),
    placement: mergePlacement(lower?.placement, upper?.placement),
    cells: filled(upper?.cells) ?? filled(lower?.cells),
    failover: mergeFields(lower?.failover, upper?.failover),
  });

export const mergeStorage = (
  lower: Storage | undefined,
  upper: Storage | undefined,
): Storage | undefined =>
  lower || upper
    ? compact({
        size: upper?.size || lower?.size,
        class: upper?.class || lower?.class,
        accessModes: filled(upper?.accessModes) ?? filled(lower?.accessModes),
      })
    : undefined;

const mergeContainer = (
  lower: ContainerSpec | undefined,
  upper: ContainerSpec | undefined,
): ContainerSpec | undefined =>
  lower || upper
    ? compact({
        resources: mergeResources(lower?.resources, upper?.resources),
        runAsUser: upper?.runAsUser ?? lower?.runAsUser,
        runAsGroup: upper?.runAsGroup ?? lower?.runAsGroup,
      })
    : undefined;

const mergePool = (lower: Pool = {}, upper: Pool = {}): Pool =>
  compact({
    type: upper.type ?? lower.type,
    cells: filled(upper.cells) ?? filled(lower.cells),
    replicasPerCell: upper.replicasPerCell ?? lower.replicasPerCell,
    storage: mergeStorage(lower.storage, upper.storage),
    postgres: mergeContainer(lower.postgres, upper.postgres),
    multipooler: mergeContainer(lower.multipooler, upper.multipooler),
    affinity: upper.affinity ?? lower.affinity,
    tolerations: filled(upper.tolerations) ?? filled(lower.tolerations),
    fsGroup: upper.fsGroup ?? lower.fsGroup,
    pvcDeletionPolicy: upper.pvcDeletionPolicy ?? lower.pvcDeletionPolicy,
  });

/** Union of the keys, names sorted so that the order in which they were written never shows. */
const mergePools = (
  lower: Readonly<Record<string, Pool>> | undefined,
  upper: Readonly<Record<string, Pool>> | undefined,
): Record<string, Pool> => {
  const keys = new Set([...Object.keys(lower ?? {}), ...Object.keys(upper ?? {})]);
  return Object.fromEntries(
    [...keys].toSorted().map((key) => [key, mergePool(own(lower, key), own(upper, key))]),
  );
};

export const mergeShard = (
  lower: ShardInlineSpec | undefined,
  upper: ShardInlineSpec | undefined,
): ShardInlineSpec & { pools: Record<string, Pool> } =>
  compact({
    multiorch: mergeMultiorch(lower?.multiorch, upper?.multiorch),
    initdbArgs: upper?.initdbArgs || lower?.initdbArgs,
    postgresConfigRef: upper?.postgresConfigRef ?? lower?.postgresConfigRef,
    postgresConfig: mergeMaps(lower?.postgresConfig, upper?.postgresConfig),
    pools: mergePools(lower?.pools, upper?.pools),
    pvcDeletionPolicy: upper?.pvcDeletionPolicy ?? lower?.pvcDeletionPolicy,
  });

export const mergeEtcd = (lower: Etcd | undefined, upper: Etcd | undefined): Etcd =>
  compact({
    image: upper?.image || lower?.image,
    replicas: upper?.replicas ?? lower?.replicas,
    storage: mergeStorage(lower?.storage, upper?.storage),
    resources: mergeResources(lower?.resources, upper?.resources),
    rootPath: upper?.rootPath || lower?.rootPath,
    pvcDeletionPolicy: upper?.pvcDeletionPolicy ?? lower?.pvcDeletionPolicy,
  });
