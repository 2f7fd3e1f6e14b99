import { compact } from '../compact.ts';
import type { ResourceRequirements } from '../k8s.ts';
import { own } from '../own.ts';
import type * as api from '../types.ts';

/**
 * How an upper layer of a spec lies over a lower one, field by field. Layers, weakest first:
 * built-in, template, overrides, inline spec. Nothing here adds defaults.
 */

/** What two layers give together for one field. */
type Merge<T> = (lower: T | undefined, upper: T | undefined) => T | undefined;
/** The same for a block that is always there. */
type MergeAll<T> = (lower: T | undefined, upper: T | undefined) => T;

/** Merges two blocks by their fields: all that the API has, in this order. */
export const byField =
  <T extends object>(fields: { [K in keyof T]-?: Merge<Required<T>[K]> }): MergeAll<T> =>
  (lower, upper) => {
    const merged: Partial<T> = {};
    for (const key in fields) {
      const value = fields[key](lower?.[key], upper?.[key]);
      if (value !== undefined) merged[key] = value;
    }
    return merged as T;
  };

/** Nothing if neither layer has the block. */
const ifAny =
  <T>(merge: MergeAll<T>): Merge<T> =>
  (lower, upper) =>
    lower || upper ? merge(lower, upper) : undefined;

/** The upper one as a whole where it is written. */
const last = <T>(lower: T | undefined, upper: T | undefined): T | undefined => upper ?? lower;

/** As `last`, but an empty text counts as not written. */
export const text: Merge<string> = (lower, upper) => upper || lower;

/** Upper wins per key; a key cannot be deleted. */
const keys = ifAny<Record<string, string>>((lower, upper) => ({ ...lower, ...upper }));

/** Lists that count only when they hold something: an empty one cannot clear the lower one. */
const filled = <T>(lower: T[] | undefined, upper: T[] | undefined): T[] | undefined => {
  const list = upper?.length ? upper : lower;
  return list?.length ? [...list] : undefined;
};

/**
 * The upper block as a whole if any of its three parts is there, even as an empty map: `{}`
 * inherits, `{limits: {}}` means no resources at all.
 */
const resources: Merge<ResourceRequirements> = (lower, upper) =>
  upper && (upper.requests ?? upper.limits ?? upper.claims) ? upper : lower;

const mergeWritten = byField<api.Stateless>({
  replicas: last,
  resources,
  affinity: last,
  podAnnotations: keys,
  podLabels: keys,
});

export const mergeStateless: MergeAll<api.Stateless> = (lower, upper) =>
  // Nothing above it: most layers are not written, and a merge costs an object each time.
  upper ? mergeWritten(lower, upper) : (lower ?? {});

/** The upper object as a whole if present: `{}` clears tolerations. */
export const mergePlacement: Merge<api.Placement> = last;

/** Every field is a scalar: the upper's where written. */
const mergeFields = <T extends api.GatewayBuffer | api.FailoverTimers>(
  lower: T | undefined,
  upper: T | undefined,
): T | undefined => (lower || upper ? ({ ...lower, ...compact({ ...upper }) } as T) : undefined);

export const mergeGateway: MergeAll<api.Gateway> = (lower, upper) =>
  upper
    ? compact({
        ...mergeStateless(lower, upper),
        buffer: mergeFields(lower?.buffer, upper.buffer),
      })
    : (lower ?? {});

const mergeMultiorch: MergeAll<api.Multiorch> = (lower, upper) =>
  compact({
    ...mergeStateless(lower, upper),
    placement: mergePlacement(lower?.placement, upper?.placement),
    cells: filled(lower?.cells, upper?.cells),
    failover: mergeFields(lower?.failover, upper?.failover),
  });

export const mergeStorage = ifAny(
  byField<api.Storage>({ size: text, class: text, accessModes: filled }),
);

const container = ifAny(
  byField<api.ContainerSpec>({ resources, runAsUser: last, runAsGroup: last }),
);

const mergePool = byField<api.Pool>({
  type: last,
  cells: filled,
  replicasPerCell: last,
  storage: mergeStorage,
  postgres: container,
  multipooler: container,
  affinity: last,
  tolerations: filled,
  fsGroup: last,
  pvcDeletionPolicy: last,
});

/** Union of the keys, names sorted so that the order in which they were written never shows. */
const mergePools: MergeAll<Record<string, api.Pool>> = (lower, upper) =>
  Object.fromEntries(
    Object.keys({ ...lower, ...upper })
      .toSorted()
      .map((key) => [key, mergePool(own(lower, key), own(upper, key))]),
  );

export const mergeShard = byField<api.ShardInlineSpec>({
  multiorch: mergeMultiorch,
  initdbArgs: text,
  postgresConfigRef: last,
  postgresConfig: keys,
  pools: mergePools,
  pvcDeletionPolicy: last,
});

export const mergeEtcd = byField<api.Etcd>({
  image: text,
  replicas: last,
  storage: mergeStorage,
  resources,
  rootPath: text,
  pvcDeletionPolicy: last,
});
