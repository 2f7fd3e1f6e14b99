import { policyOrDefault } from '../../../schemas/durability.ts';
import type { CellConfig, MultigresCluster } from '../../../schemas/types.ts';
import { pointer, shardViews } from '../locate.ts';
import { nodesAt, zoneOf } from '../nodes.ts';
import type { Finding, Policy, World } from '../policy.ts';
import { findNew } from '../stored.ts';

export const cellsShareZone: Policy = {
  id: 'cells-share-zone',
  code: 'MG009',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'Each cell of a cluster lies in a zone of its own.',
  description: `Two cells in one zone fail together. Under \`MULTI_CELL_AT_LEAST_2\` that breaks the promise
that a write outlives a zone: a write that only those two cells hold does not, so it is refused. Under
\`AT_LEAST_2\` nothing is promised, and it is a warning. Cells share a zone if they name the same one, or
if all Nodes of both carry the same zone label, under whatever name each cell knows it. Cells that name
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
    findNew(ctx, (cluster, resolved) => {
      const promised = shardViews(cluster, resolved)
        .filter(({ durabilityPolicy }) => policyOrDefault(durabilityPolicy).scope === 'multi-cell')
        .map(({ title }) => title);
      return judge(ctx.world, cluster, promised);
    }),
};

function judge(world: World, { spec }: MultigresCluster, promised: readonly string[]): Finding[] {
  const firstIn = new Map<string, string>();
  const [shard] = promised;
  return (spec?.cells ?? []).flatMap((cell, index): Finding[] => {
    const zone = zoneOfCell(world, cell);
    if (zone === undefined) return sameRegion(spec?.cells ?? [], index);
    const other = firstIn.get(zone);
    if (other === undefined) {
      firstIn.set(zone, cell.name);
      return [];
    }
    const field = cell.zoneId === undefined ? 'region' : 'zoneId';
    const harm =
      shard === undefined
        ? 'and fail together'
        : `and fail together, so MULTI_CELL_AT_LEAST_2 of shard ${shard} does not keep its promise`;
    return [
      {
        path: pointer('spec', 'cells', index, field),
        value: cell[field],
        message: `cells ${other} and ${cell.name} lie in one zone, ${zone}, ${harm}`,
        allowed: 'a zone of its own for each cell',
        fix: `give cell ${cell.name} another zone${shard === undefined ? '' : ', or use AT_LEAST_2, which does not promise it'}`,
        ...(shard === undefined ? { mode: 'warn' } : {}),
      },
    ];
  });
}

/** Nothing keeps the pods of two cells apart that are the same region. */
function sameRegion(cells: readonly CellConfig[], index: number): Finding[] {
  const { name, region } = cells[index] ?? {};
  const other = cells.slice(0, index).find((cell) => !cell.zoneId && cell.region === region);
  if (!other || !region) return [];
  return [
    {
      path: pointer('spec', 'cells', index, 'region'),
      value: region,
      message: `cells ${other.name} and ${name} are one region, ${region}: their pods may run in one zone, and fail together`,
      allowed: 'a zone, or a region, of its own for each cell',
      fix: 'give both cells a zoneId in place of the region',
      mode: 'warn',
    },
  ];
}

/** The one zone that a cell lies in: by its Nodes, else by its name; undefined for a larger region. */
function zoneOfCell(world: World, cell: CellConfig): string | undefined {
  const zones = new Set(nodesAt(world, cell).map((node) => zoneOf(world, node)));
  const [zone] = zones;
  return zones.size === 1 && zone !== undefined ? zone : cell.zoneId;
}
