import { clusterOf, pointer } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';

export const zonesMixed: Policy = {
  id: 'zones-mixed',
  code: 'MG032',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'The cells of a cluster are all zones, or all regions.',
  description: `A cell that is a region has pods in any zone of it, also in the zone that another cell
names. What looks like two places then fails as one, and the arithmetic of durability, which counts
cells, is too hopeful.`,
  good: `cells:
  - { name: zone-a, zoneId: use1-az1 }
  - { name: zone-b, zoneId: use1-az2 }`,
  bad: `cells:
  - { name: zone-a, zoneId: use1-az1 }
  - { name: east, region: us-east-1 }`,
  check(ctx) {
    const cells = clusterOf(ctx).spec?.cells ?? [];
    const zone = cells.find(({ zoneId }) => zoneId);
    const index = cells.findIndex(({ zoneId, region }) => !zoneId && region);
    const cell = cells[index];
    if (!zone || !cell) return [];
    return {
      path: pointer('spec', 'cells', index, 'region'),
      value: cell.region,
      message: `cell ${cell.name} is a region while cell ${zone.name} is a zone: pods of ${cell.name} may run in zone ${zone.zoneId} too, and fail with it`,
      allowed: 'zoneId in every cell, or region in every cell',
      fix: `give cell ${cell.name} a zoneId`,
      brief: `cell ${cell.name} is a region, cell ${zone.name} a zone: they may fail together; give ${cell.name} a zoneId`,
    };
  },
};
