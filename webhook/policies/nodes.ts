import type { World } from './policy.ts';

/** As the controller's own default for where pods of a cell go. */
export const ZONE_LABELS = ['topology.k8s.aws/zone-id', 'topology.kubernetes.io/zone'];
export const REGION_LABEL = 'topology.kubernetes.io/region';

interface Place {
  zoneId?: string;
  region?: string;
}

/** Labels that a cell's zoneId or region is looked up under, best first. */
export function labelsFor(world: World, cell: Place): readonly string[] {
  return cell.zoneId === undefined ? [REGION_LABEL] : (world.zoneLabels ?? ZONE_LABELS);
}

/** Names of the Nodes that a cell's pods can run on. */
export function nodesOf(world: World, cell: Place): string[] {
  const wanted = cell.zoneId ?? cell.region;
  for (const label of labelsFor(world, cell)) {
    const nodes = (world.nodes ?? []).filter((node) => node.labels[label] === wanted);
    if (nodes.length > 0) return nodes.map((node) => node.name);
  }
  return [];
}

/** Every value that the Nodes carry under the labels for this cell. */
export function knownPlaces(world: World, cell: Place): string[] {
  const values = (world.nodes ?? []).flatMap((node) =>
    labelsFor(world, cell).flatMap((label) => node.labels[label] ?? []),
  );
  return [...new Set(values)].toSorted();
}
