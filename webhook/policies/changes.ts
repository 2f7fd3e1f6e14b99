import type { PvcRetention } from '../../schemas/types.ts';
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import { locateInShard, pointer, shardViews, type ShardView } from './locate.ts';
import type { Transition } from './transition.ts';
import { own } from '../../schemas/own.ts';

/** Fewer poolers of a pool. */
export interface ScaleDown {
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
  /** What to write to stay as it is: `replicasPerCell: 3`, `cells: [z1, z2]`. */
  keep: string;
  /** `pool main of postgres/default/0-inf goes from 3 to 2 poolers`. */
  text: string;
}

/** Every pool that shall have fewer poolers in some cell than it has. */
export function scaleDowns({ old, now, before, after }: Transition): ScaleDown[] {
  const next = new Map(shardViews(now, after).map((view) => [view.title, view]));
  return shardViews(old, before).flatMap((was) => {
    const view = next.get(was.title);
    return view ? ofShard({ now, was, view }) : [];
  });
}

function ofShard(step: { now: Transition['now']; was: ShardView; view: ShardView }): ScaleDown[] {
  const { now, was, view } = step;
  return Object.entries(was.shard.pools).flatMap(([pool, old]): ScaleDown[] => {
    const wanted = own(view.shard.pools, pool);
    const inCell = (cell: string): number =>
      wanted?.cells.includes(cell) ? wanted.replicasPerCell : 0;
    const cells = Object.fromEntries(
      old.cells
        .map((cell) => [cell, { from: old.replicasPerCell, to: inCell(cell) }] as const)
        .filter(([, count]) => count.to < count.from),
    );
    if (Object.keys(cells).length === 0) return [];
    const from = old.cells.length * old.replicasPerCell;
    const to = wanted ? wanted.cells.length * wanted.replicasPerCell : 0;
    const policy = effectivePvcPolicy(
      (wanted ?? old).pvcDeletionPolicy,
      view.shard.pvcDeletionPolicy,
    );
    const field =
      wanted && wanted.replicasPerCell < old.replicasPerCell ? 'replicasPerCell' : 'cells';
    return [
      {
        view,
        pool,
        from,
        to,
        cells,
        whenScaled: policy.whenScaled,
        path: locateInShard(now, view, 'pools', pool, field),
        keep:
          field === 'cells'
            ? `cells: [${old.cells.join(', ')}]`
            : `replicasPerCell: ${old.replicasPerCell}`,
        text: `pool ${pool} of ${view.title} goes from ${from} to ${to} pooler${to === 1 ? '' : 's'}`,
      },
    ];
  });
}

/** Something with data of its own that the new spec does not have any more. */
export interface Removal {
  kind: 'cell' | 'shard';
  /** Of the cell, or `<database>/<tablegroup>/<shard>`. */
  name: string;
  /** What a user would call it: `table group postgres/orders`. */
  title: string;
  path: string;
  /** What becomes of its volumes. Cells have none by themselves but for their etcd. */
  whenDeleted: PvcRetention;
  view?: ShardView;
}

/** Cells and shards that go away; a shard goes with its table group or database. */
export function removals({ old, now, before, after }: Transition): Removal[] {
  const cells = new Set(after.cells.map(({ name }) => name));
  const shards = new Set(shardViews(now, after).map(({ title }) => title));
  return [
    ...before.cells
      .filter(({ name }) => !cells.has(name))
      .map(({ name, localTopo }): Removal => {
        const { whenDeleted } = effectivePvcPolicy(
          localTopo?.etcd?.pvcDeletionPolicy,
          before.pvcDeletionPolicy,
        );
        return {
          kind: 'cell',
          name,
          title: `cell ${name}`,
          path: pointer('spec', 'cells'),
          whenDeleted,
        };
      }),
    ...shardViews(old, before)
      .filter(({ title }) => !shards.has(title))
      .map((view): Removal => {
        const group = after.databases.find(({ name }) => name === view.database);
        const d = now.spec?.databases?.findIndex(({ name }) => name === view.database) ?? -1;
        return {
          kind: 'shard',
          name: view.title,
          title: group
            ? `table group ${view.database}/${view.tablegroup}`
            : `database ${view.database}`,
          path:
            d < 0 ? pointer('spec', 'databases') : pointer('spec', 'databases', d, 'tablegroups'),
          whenDeleted: deletesAny(view) ? 'Delete' : 'Retain',
          view,
        };
      }),
  ];
}

/** Some volume of the shard goes with it. */
export function deletesAny({ shard }: ShardView): boolean {
  const policies = Object.values(shard.pools).map(({ pvcDeletionPolicy }) => pvcDeletionPolicy);
  return [undefined, ...policies].some(
    (pool) => effectivePvcPolicy(pool, shard.pvcDeletionPolicy).whenDeleted === 'Delete',
  );
}
