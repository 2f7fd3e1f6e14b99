import type { World } from './policy.ts';

export const ZONE_ID_LABEL = 'topology.k8s.aws/zone-id';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const REGION_LABEL = 'topology.kubernetes.io/region';

interface Place {
  zoneId?: string;
  region?: string;
}

/** Labels that a cell's zoneId or region is looked up under, best first. */
export function labelsFor(cell: Place): string[] {
  return cell.zoneId === undefined ? [REGION_LABEL] : [ZONE_ID_LABEL, ZONE_LABEL];
}

/** Names of the Nodes that a cell's pods can run on. */
export function nodesOf(world: World, cell: Place): string[] {
  const wanted = cell.zoneId ?? cell.region;
  for (const label of labelsFor(cell)) {
    const nodes = (world.nodes ?? []).filter((node) => node.labels[label] === wanted);
    if (nodes.length > 0) return nodes.map((node) => node.name);
  }
  return [];
}

/** Every value that the Nodes carry under the labels for this cell. */
export function knownPlaces(world: World, cell: Place): string[] {
  const values = (world.nodes ?? []).flatMap((node) =>
    labelsFor(cell).flatMap((label) => node.labels[label] ?? []),
  );
  return [...new Set(values)].toSorted();
}
