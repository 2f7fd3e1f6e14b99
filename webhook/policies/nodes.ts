import type { Toleration } from '../../schemas/k8s.ts';
import { NODE_LABELS, ZONE_LABELS } from '../../schemas/labels.ts';
import type { NodeIndex, WorldNode, World } from './world.ts';

export const REGION_LABEL = NODE_LABELS.region;

interface Place {
  zoneId?: string;
  region?: string;
}

/** Labels that a cell's zoneId or region is looked up under, best first. */
export function labelsFor(world: World, cell: Place): readonly string[] {
  return cell.zoneId === undefined ? [REGION_LABEL] : zoneLabels(world);
}

function zoneLabels(world: World): readonly string[] {
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

/**
 * The zone of a Node under the strongest label that it carries. A Node that lacks that label lies where
 * the Nodes do that carry both, if they agree: a zone has one name whatever its Nodes are labelled with.
 */
export function zoneOf(world: World, node: WorldNode): string | undefined {
  return zonesOf(world).get(node);
}

type Zones = ReadonlyMap<WorldNode, string>;

const KNOWN_ZONES = new WeakMap<
  readonly WorldNode[],
  { labels: readonly string[]; zones: Zones }
>();

/** Made once per change of the Nodes. */
function zonesOf(world: World): Zones {
  const { nodes = [] } = world;
  const labels = zoneLabels(world);
  const known = KNOWN_ZONES.get(nodes);
  if (known?.labels === labels) return known.zones;
  const [strongest = '', ...weaker] = labels;
  const names = otherNames(nodes, strongest, weaker);
  const zones = new Map<WorldNode, string>();
  for (const node of nodes) {
    const label = labels.find((one) => node.labels[one] !== undefined) ?? '';
    const name = node.labels[label];
    const zone = label === strongest ? name : (names.get(label)?.get(name ?? '') ?? name);
    if (zone !== undefined) zones.set(node, zone);
  }
  KNOWN_ZONES.set(nodes, { labels, zones });
  return zones;
}

/** Zones under the strongest label by weaker label and value; null where Nodes do not agree. */
function otherNames(
  nodes: readonly WorldNode[],
  strongest: string,
  weaker: readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, string | null>> {
  return new Map(
    weaker.map((label) => {
      const zones = new Map<string, string | null>();
      for (const node of nodes) {
        const [zone, name] = [node.labels[strongest], node.labels[label]];
        if (zone === undefined || name === undefined) continue;
        const before = zones.get(name);
        zones.set(name, before === undefined || before === zone ? zone : null);
      }
      return [label, zones];
    }),
  );
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
