import { durabilityOf, membershipOf, policyOrDefault } from '../../schemas/durability.ts';
import type { Durability } from '../../schemas/durability.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { ResolvedCluster, ResolvedPool, ResolvedShard } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, ShardConfig } from '../../schemas/types.ts';
import { once } from './once.ts';
import type { PolicyContext } from './policy.ts';

export type Segment = string | number;

/** Builds a JSON pointer (RFC 6901). */
export function pointer(...segments: readonly Segment[]): string {
  let text = '';
  for (const segment of segments) text += `/${escape(segment)}`;
  return text;
}

function escape(segment: Segment): Segment {
  if (typeof segment === 'number' || !/[~/]/.test(segment)) return segment;
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** `spec.cells[0].name` as a JSON pointer. For paths without dots or brackets in their keys. */
export function pointerFrom(path: string): string {
  return pointer(...path.replaceAll(/\[(\d+)\]/g, '.$1').split('.'));
}

/** The value at a path, or undefined. */
export function valueAt(object: unknown, path: readonly Segment[]): unknown {
  let value = object;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<Segment, unknown>)[segment];
  }
  return value;
}

/** The value at a JSON pointer, or undefined: what a finding shows as standing at its path. */
export function valueAtPointer(object: unknown, text: string): unknown {
  return valueAt(object, segmentsOf(text));
}

/** The segments of a JSON pointer. */
export function segmentsOf(text: string): string[] {
  const keys = text.split('/').slice(1);
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * Where the author can change something: the first candidate that exists in the object, else the
 * first one, as the place to write it.
 */
export function locate(object: KubeObject, ...candidates: (readonly Segment[])[]): string {
  const written = candidates.find((path) => valueAt(object, path) !== undefined);
  return pointer(...(written ?? candidates[0] ?? []));
}

/** The object of the request, or of the stored state on DELETE, as a MultigresCluster. */
export function clusterOf(ctx: PolicyContext): MultigresCluster {
  return (ctx.object ?? ctx.old) as MultigresCluster;
}

/** A shard after resolution, with its place in the manifest. */
export interface ShardView {
  database: string;
  tablegroup: string;
  durabilityPolicy: string;
  shard: ResolvedShard;
  /** `postgres/default/0-inf`, for texts and as a key. */
  title: string;
  /** Path of the shard in the manifest, whether or not anybody wrote it. */
  path: Segment[];
  raw?: ShardConfig;
  /** What its full cohort tolerates. */
  durability: () => Durability;
  /** Pointer to a field of it: inline, else overrides, else the reference to its template. */
  at: (...field: Segment[]) => string;
}

/** A pool of a shard. */
export interface PoolView {
  view: ShardView;
  name: string;
  pool: ResolvedPool;
  /** `pool main of postgres/default/0-inf`, the same before and after a change. */
  owner: string;
  /** As `at` of the shard, for a field of the pool. */
  at: (...field: Segment[]) => string;
}

/** All pools of some shards. */
export function poolsOf(views: readonly ShardView[]): PoolView[] {
  return views.flatMap((view) =>
    Object.entries(view.shard.pools).map(([name, pool]) => ({
      view,
      name,
      pool,
      owner: `pool ${name} of ${view.title}`,
      at: (...field) => view.at('pools', name, ...field),
    })),
  );
}

interface Gathered {
  cluster: MultigresCluster;
  resolved: ResolvedCluster;
  views: readonly ShardView[];
}

/**
 * Those of the review under way: an update looks at four, before and after, as written and as the
 * controller will. Not a WeakMap: what its values hold outlives the nursery, and so would every review.
 */
const gathered: Gathered[] = [];
const MOST_GATHERED = 4;

/** The shards of the request's cluster; none if it cannot be resolved. */
export function shardsOf(ctx: PolicyContext): readonly ShardView[] {
  const resolved = ctx.resolved();
  return resolved ? shardViews(clusterOf(ctx), resolved) : [];
}

/** The shards of the stored cluster, likewise. */
export function storedShardsOf(ctx: PolicyContext): readonly ShardView[] {
  const resolved = ctx.oldResolved();
  return resolved ? shardViews(ctx.old as MultigresCluster, resolved) : [];
}

/** Each shard with the one of the same title on the other side of a change, if it is there. */
export function paired(
  views: readonly ShardView[],
  others: readonly ShardView[],
): [ShardView, ShardView | undefined][] {
  const byTitle = new Map(others.map((view) => [view.title, view]));
  return views.map((view) => [view, byTitle.get(view.title)]);
}

/** All shards of a resolved cluster. Most policies ask, so they are gathered once for each review. */
export function shardViews(
  cluster: MultigresCluster,
  resolved: ResolvedCluster,
): readonly ShardView[] {
  for (const known of gathered) {
    if (known.resolved === resolved && known.cluster === cluster) return known.views;
  }
  const views = gatherViews(cluster, resolved);
  if (gathered.length === MOST_GATHERED) gathered.shift();
  gathered.push({ cluster, resolved, views });
  return views;
}

function gatherViews(cluster: MultigresCluster, resolved: ResolvedCluster): ShardView[] {
  const views: ShardView[] = [];
  for (const database of resolved.databases) {
    const d = indexOf(cluster.spec?.databases, database.name);
    for (const tablegroup of database.tablegroups) {
      const tablegroups = cluster.spec?.databases?.[d]?.tablegroups;
      const t = indexOf(tablegroups, tablegroup.name);
      for (const shard of tablegroup.shards) {
        const s = indexOf(tablegroups?.[t]?.shards, shard.name);
        const raw = tablegroups?.[t]?.shards?.[s];
        const path = ['spec', 'databases', d, 'tablegroups', t, 'shards', s];
        views.push({
          database: database.name,
          tablegroup: tablegroup.name,
          durabilityPolicy: database.durabilityPolicy,
          shard,
          title: `${database.name}/${tablegroup.name}/${shard.name}`,
          path,
          ...(raw ? { raw } : {}),
          durability: once(() =>
            durabilityOf(policyOrDefault(database.durabilityPolicy), membershipOf(shard.pools)),
          ),
          at: (...field) => locateInLayers(cluster, path, field, 'shardTemplate'),
        });
      }
    }
  }
  return views;
}

/** Pointer to a field of what a CoreTemplate can bring: inline, else the reference to its template. */
export function locateInCore(
  cluster: MultigresCluster,
  part: 'globalTopoServer' | 'multiadmin' | 'multiadminWeb',
  ...field: Segment[]
): string {
  return locate(
    cluster,
    ['spec', part, ...field],
    ['spec', part, 'templateRef'],
    ['spec', 'templateDefaults', 'coreTemplate'],
  );
}

/** Pointer to a field of a cell's gateway: inline, else overrides, else its template. */
export function locateInCell(
  cluster: MultigresCluster,
  cellName: string,
  ...field: Segment[]
): string {
  const path = ['spec', 'cells', indexOf(cluster.spec?.cells, cellName)];
  return locateInLayers(cluster, path, field, 'cellTemplate');
}

function locateInLayers(
  cluster: MultigresCluster,
  path: readonly Segment[],
  field: readonly Segment[],
  template: 'shardTemplate' | 'cellTemplate',
): string {
  // spec and overrides exclude each other: who has the one cannot write the other.
  const hasOverrides = valueAt(cluster, [...path, 'overrides']) !== undefined;
  return locate(
    cluster,
    [...path, hasOverrides ? 'overrides' : 'spec', ...field],
    [...path, template],
    ['spec', 'templateDefaults', template],
  );
}

/** Index by name; 0 when absent, so that a path to what defaults add can still be written. */
function indexOf(list: readonly { name: string }[] | undefined, name: string): number {
  return Math.max(0, list?.findIndex((item) => item.name === name) ?? 0);
}
