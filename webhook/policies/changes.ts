import { own } from '../../schemas/own.ts';
import type { PvcRetention } from '../../schemas/types.ts';
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import { paired, pointer, poolsOf, shardViews, valueAtPointer } from './locate.ts';
import type { PoolView, ShardView } from './locate.ts';
import type { Transition } from './policy.ts';
import { count } from './words.ts';

/** Fewer poolers of a pool. */
export interface ScaleDown {
  /** The shard as it is. */
  was: ShardView;
  /** The shard as it shall be. */
  view: ShardView;
  pool: string;
  /** Poolers of the pool in all its cells. */
  from: number;
  to: number;
  /** Per cell that gets fewer. */
  cells: Record<string, { from: number; to: number }>;
  /** What becomes of the volumes of the poolers that leave. */
  whenScaled: PvcRetention;
  path: string;
  /** What stands at the path. */
  value: unknown;
  /** What to write to stay as it is: `replicasPerCell: 3`, `cells: [z1, z2]`. */
  keep: string;
  /** `pool main of postgres/default/0-inf goes from 3 to 2 poolers`. */
  text: string;
}

/** Every pool that shall have fewer poolers in some cell than it has. */
export function scaleDowns({ old, now, before, after }: Transition): ScaleDown[] {
  return paired(shardViews(old, before), shardViews(now, after)).flatMap(([was, view]) =>
    view ? poolsOf([was]).flatMap((pool) => scaleDown(now, pool, view)) : [],
  );
}

function poolersIn(view: ShardView, pool: string, cell: string): number {
  const found = own(view.shard.pools, pool);
  return found?.cells.includes(cell) ? found.replicasPerCell : 0;
}

function scaleDown(
  now: Transition['now'],
  { view: was, name: pool, pool: old }: PoolView,
  view: ShardView,
): ScaleDown | [] {
  const cells: ScaleDown['cells'] = {};
  for (const cell of old.cells) {
    const [from, to] = [old.replicasPerCell, poolersIn(view, pool, cell)];
    if (to < from) cells[cell] = { from, to };
  }
  if (Object.keys(cells).length === 0) return [];
  const wanted = own(view.shard.pools, pool);
  const total = (one: typeof wanted): number => (one ? one.cells.length * one.replicasPerCell : 0);
  const [from, to] = [total(old), total(wanted)];
  const fewer = wanted && wanted.replicasPerCell < old.replicasPerCell;
  const field = fewer ? 'replicasPerCell' : 'cells';
  const path = view.at('pools', pool, field);
  return {
    was,
    view,
    pool,
    from,
    to,
    cells,
    whenScaled: effectivePvcPolicy((wanted ?? old).pvcDeletionPolicy, view.shard.pvcDeletionPolicy)
      .whenScaled,
    path,
    value: valueAtPointer(now, path) ?? wanted?.[field],
    keep: fewer ? `replicasPerCell: ${old.replicasPerCell}` : `cells: [${old.cells.join(', ')}]`,
    text: `pool ${pool} of ${view.title} goes from ${from} to ${count(to, 'pooler')}`,
  };
}

/** Poolers per cell that are there before a change and after it, whatever is added meanwhile. */
export function poolersThatStay({
  was,
  view,
}: Pick<ScaleDown, 'was' | 'view'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [pool, { cells, replicasPerCell }] of Object.entries(was.shard.pools)) {
    for (const cell of cells) {
      const stay = Math.min(replicasPerCell, poolersIn(view, pool, cell));
      counts[cell] = (counts[cell] ?? 0) + stay;
    }
  }
  return counts;
}

/** Something with data of its own that the new spec does not have any more. */
export interface Removal {
  kind: 'cell' | 'shard';
  /** Of the cell, or `<database>/<tablegroup>/<shard>`. */
  name: string;
  /** What a user would call it: `table group postgres/orders`. */
  title: string;
  path: string;
  /** The shard as it is. */
  view?: ShardView;
}

/** Cells and shards that go away; a shard goes with its table group or database. */
export function removals(transition: Transition): Removal[] {
  const { before, after } = transition;
  const gone = before.cells.filter(({ name }) => !after.cells.some((cell) => cell.name === name));
  const shards = removedShards(transition).map(({ view, path }): Removal => {
    const group = after.databases.some(({ name }) => name === view.database);
    return {
      kind: 'shard',
      name: view.title,
      title: group
        ? `table group ${view.database}/${view.tablegroup}`
        : `database ${view.database}`,
      path,
      view,
    };
  });
  return [
    ...gone.map(({ name }): Removal => ({
      kind: 'cell',
      name,
      title: `cell ${name}`,
      path: pointer('spec', 'cells'),
    })),
    ...shards,
  ];
}

/** Shards that nobody writes any more, and where they would have to stand. */
export function removedShards({ old, now, before, after }: Transition): {
  view: ShardView;
  path: string;
}[] {
  return paired(shardViews(old, before), shardViews(now, after)).flatMap(([view, left]) => {
    if (left) return [];
    const d = now.spec?.databases?.findIndex(({ name }) => name === view.database) ?? -1;
    const path = d < 0 ? [] : [d, 'tablegroups'];
    return { view, path: pointer('spec', 'databases', ...path) };
  });
}
