import { policyOrDefault } from '../../../schemas/durability.ts';
import type { CellConfig, MultigresCluster } from '../../../schemas/types.ts';
import { pointer, shardViews, type ShardView } from '../locate.ts';
import { nodesAt, zoneOf } from '../nodes.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { findNew } from '../stored.ts';

export const cellsShareZone: Policy = {
  id: 'cells-share-zone',
  code: 'MG009',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'Each cell of a cluster lies in a zone of its own.',
  description: `Two cells in one zone fail together. Under \`MULTI_CELL_AT_LEAST_2\` that breaks the promise
that a write outlives a zone: a write that only those two cells hold does not, so it is refused if a
shard has poolers in both. Otherwise, and under \`AT_LEAST_2\`, nothing is promised, and it is a warning.
Cells share a zone if they name the same one, or if all Nodes of both lie in the same one, under whatever
name each cell knows it: a Node that carries two zone labels tells that they are one. Cells that name
the same region of several zones are warned about: nothing keeps their pods apart. An object that is
stored that way may still be edited, with a warning.`,
  good: `spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2
  cells:
    - { name: zone-a, zoneId: use1-az1 }
    - { name: zone-b, zoneId: use1-az2 }`,
  bad: `spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2
  cells:
    - { name: zone-a, zoneId: use1-az1 }
    - { name: zone-b, zoneId: use1-az1 }`,
  check: (ctx) =>
    findNew(ctx, (cluster, resolved) =>
      judge(ctx.world, cluster, () =>
        shardViews(cluster, resolved).filter(
          ({ durabilityPolicy }) => policyOrDefault(durabilityPolicy).scope === 'multi-cell',
        ),
      ),
    ),
};

function judge(
  world: World,
  { spec }: MultigresCluster,
  promised: () => readonly ShardView[],
): Finding[] {
  const inZone = new Map<string, string[]>();
  return (spec?.cells ?? []).flatMap((cell, index): Finding | [] => {
    const zone = zoneOfCell(world, cell);
    if (zone === undefined) return sameRegion(spec?.cells ?? [], index);
    const others = inZone.get(zone) ?? [];
    inZone.set(zone, [...others, cell.name]);
    const broken = others.flatMap((other) => {
      const shard = promised().find(
        (view) => hasPoolers(view, other) && hasPoolers(view, cell.name),
      );
      return shard ? [{ other, shard: shard.title }] : [];
    })[0];
    const other = broken?.other ?? others[0];
    if (other === undefined) return [];
    const field = cell.zoneId === undefined ? 'region' : 'zoneId';
    const together = `cells ${other} and ${cell.name} lie in one zone, ${zone}, and fail together`;
    const finding = {
      path: pointer('spec', 'cells', index, field),
      value: cell[field],
      allowed: 'a zone of its own for each cell',
      brief: `${together}; give ${cell.name} another zone`,
    };
    if (!broken) {
      const fix = `give cell ${cell.name} another zone`;
      return { ...finding, message: together, fix, mode: 'warn' };
    }
    return {
      ...finding,
      message: `${together}, so MULTI_CELL_AT_LEAST_2 of shard ${broken.shard} does not keep its promise`,
      fix: `give cell ${cell.name} another zone, or use AT_LEAST_2, which does not promise it`,
    };
  });
}

function hasPoolers({ shard }: ShardView, cell: string): boolean {
  return Object.values(shard.pools).some(({ cells }) => cells.includes(cell));
}

/** Nothing keeps the pods of two cells apart that are the same region. */
function sameRegion(cells: readonly CellConfig[], index: number): Finding | [] {
  const { name, region } = cells[index] ?? {};
  const other = cells.slice(0, index).find((cell) => !cell.zoneId && cell.region === region);
  if (!other || !region) return [];
  return {
    path: pointer('spec', 'cells', index, 'region'),
    value: region,
    message: `cells ${other.name} and ${name} are one region, ${region}: their pods may run in one zone, and fail together`,
    allowed: 'a zone, or a region, of its own for each cell',
    fix: 'give both cells a zoneId in place of the region',
    brief: `cells ${other.name} and ${name} are one region, ${region}: pods may share a zone; give both a zoneId`,
    mode: 'warn',
  };
}

/** The one zone that a cell lies in: by its Nodes, else by its name; undefined for a larger region. */
function zoneOfCell(world: World, cell: CellConfig): string | undefined {
  const [first, ...others] = nodesAt(world, cell);
  const zone = first && zoneOf(world, first);
  const differ = others.some((node) => zoneOf(world, node) !== zone);
  return differ ? cell.zoneId : (zone ?? cell.zoneId);
}
