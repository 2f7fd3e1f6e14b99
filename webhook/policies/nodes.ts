import type { Toleration } from '../../schemas/k8s.ts';
import { NODE_LABELS } from '../../schemas/labels.ts';
import type { World } from './policy.ts';
import type { NodeIndex, WorldNode } from './world.ts';

/** As the controller's own default for where pods of a cell go. */
export const ZONE_LABELS: readonly string[] = [NODE_LABELS.zoneId, NODE_LABELS.zone];
export const REGION_LABEL = NODE_LABELS.region;

export interface Place {
  zoneId?: string;
  region?: string;
}

/** Labels that a cell's zoneId or region is looked up under, best first. */
export function labelsFor(world: World, cell: Place): readonly string[] {
  return cell.zoneId === undefined ? [REGION_LABEL] : zoneLabels(world);
}

export function zoneLabels(world: World): readonly string[] {
  return world.zoneLabels ?? ZONE_LABELS;
}

/** Sorts Nodes by the values of labels that name places. */
export function indexNodes(nodes: readonly WorldNode[], labels: readonly string[]): NodeIndex {
  return new Map(
    labels.map((label) => {
      const carriers = nodes.filter((node) => node.labels[label] !== undefined);
      return [label, Map.groupBy(carriers, (node) => node.labels[label] ?? '')];
    }),
  );
}

/** The Nodes of a cell's zone or region: any of the labels will do, as for the controller. */
export function nodesAt(world: World, cell: Place): readonly WorldNode[] {
  const wanted = cell.zoneId ?? cell.region;
  if (wanted === undefined) return [];
  const labels = labelsFor(world, cell);
  const index = world.nodeIndex ?? indexNodes(world.nodes ?? [], labels);
  let found: readonly WorldNode[] = [];
  for (const label of labels) {
    const nodes = index.get(label)?.get(wanted) ?? [];
    found = found.length === 0 ? nodes : [...new Set([...found, ...nodes])];
  }
  return found;
}

/** Names of the Nodes that a cell's pods can run on. */
export function nodesOf(world: World, cell: Place): string[] {
  return nodesAt(world, cell).map((node) => node.name);
}

/** Every value that the Nodes carry under the labels for this cell. */
export function knownPlaces(world: World, cell: Place): string[] {
  const values = (world.nodes ?? []).flatMap((node) =>
    labelsFor(world, cell).flatMap((label) => node.labels[label] ?? []),
  );
  return [...new Set(values)].toSorted();
}

/** The zone of a Node under the first label that it carries. */
export function zoneOf(world: World, node: WorldNode): string | undefined {
  const label = zoneLabels(world).find((name) => node.labels[name] !== undefined);
  return label === undefined ? undefined : node.labels[label];
}

/** Whether a new pod with these tolerations may be put on a Node. */
export function takesPods(node: WorldNode, tolerations: readonly Toleration[] = []): boolean {
  if (node.schedulable === false) return false;
  return (node.taints ?? []).every((taint) =>
    tolerations.some(
      ({ key, operator = 'Equal', value = '', effect }) =>
        (key ? key === taint.key : operator === 'Exists') &&
        (!effect || effect === taint.effect) &&
        (operator === 'Exists' || value === (taint.value ?? '')),
    ),
  );
}

/** `zone az1`, `region eu`; for texts. */
export function placeText({ zoneId, region }: Place): string {
  return zoneId === undefined ? `region ${region ?? '?'}` : `zone ${zoneId}`;
}
