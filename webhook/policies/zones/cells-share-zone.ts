import { policyOrDefault } from '../../../schemas/durability.ts';
import { clusterOf, pointer, shardViews } from '../locate.ts';
import type { Policy } from '../policy.ts';

export const cellsShareZone: Policy = {
  id: 'cells-share-zone',
  code: 'MG009',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary: 'Under MULTI_CELL_AT_LEAST_2 the cells of a cluster lie in different zones.',
  description: `The policy promises that a write outlives a cell. Two cells in one zone fail together,
so a write that only those two hold does not outlive the zone.`,
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
  check(ctx) {
    const resolved = ctx.resolved();
    if (!resolved) return [];
    const cluster = clusterOf(ctx);
    const strict = shardViews(cluster, resolved).some(
      (view) => policyOrDefault(view.durabilityPolicy).scope === 'multi-cell',
    );
    if (!strict) return [];
    const firstOf = new Map<string, string>();
    return (cluster.spec?.cells ?? []).flatMap((cell, index) => {
      if (cell.zoneId === undefined) return [];
      const other = firstOf.get(cell.zoneId);
      if (other === undefined) {
        firstOf.set(cell.zoneId, cell.name);
        return [];
      }
      return [
        {
          path: pointer('spec', 'cells', index, 'zoneId'),
          value: cell.zoneId,
          message: `cells ${other} and ${cell.name} lie in one zone and fail together`,
          allowed: 'a zone of its own for each cell',
          fix: `give cell ${cell.name} another zone`,
        },
      ];
    });
  },
};
