import type { Durability } from '../../../schemas/durability.ts';
import type { ResolvedCell } from '../../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { HOST, keepsApart, poolerLabels, requiredKeys } from '../affinity.ts';
import { clusterOf, poolsOf, shardViews, type PoolView, type ShardView } from '../locate.ts';
import { nodesAt, placeText, takesPods } from '../nodes.ts';
import { once } from '../once.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import { inForce } from '../running.ts';
import type { WorldNode, World } from '../world.ts';
import { count, listed } from '../words.ts';

export const nodesForPoolers: Policy = {
  id: 'nodes-for-poolers',
  code: 'MG033',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'Each cell has as many Nodes that take pods as it shall have poolers.',
  description: `Poolers of a shard prefer Nodes of their own. If there are too few, they share some, and
the loss of one Node takes several poolers: worth a warning where the shard would not survive that. If
the pool has an own \`podAntiAffinity\` that requires separate Nodes (or other places, by
\`topologyKey\`), the poolers that find none stay Pending; so do those of pools whose rules keep them
apart from each other, of whatever shard. Counted are the Nodes of the cell's zone that
are neither cordoned nor broken and whose taints the pool tolerates. It is a warning only, because an
autoscaler may bring Nodes. A Kubernetes cluster of one Node is taken for one to try things out.`,
  good: `pools:
  main: { cells: [zone-a], replicasPerCell: 3 } # zone-a has three Nodes`,
  bad: `pools:
  main: { cells: [zone-a], replicasPerCell: 3 } # zone-a has two Nodes`,
  check(ctx) {
    const resolved = ctx.resolved();
    const { world } = ctx;
    if (!resolved || (world.nodes ?? []).length === 0) return [];
    const cluster = clusterOf(ctx);
    const views = shardViews(cluster, resolved);
    return resolved.cells.flatMap((cell) => {
      const nodes = nodesAt(world, cell);
      // No Node at all is the business of zones-exist.
      return nodes.length === 0 ? [] : judge({ world, cluster, cell, nodes }, views);
    });
  },
};

interface Place {
  world: World;
  cluster: MultigresCluster;
  cell: ResolvedCell;
  /** Of the cell, whether or not they take pods. */
  nodes: readonly WorldNode[];
}

/** A pool with poolers in the cell. */
interface PoolHere extends PoolView {
  labels: () => Readonly<Record<string, string>>;
}

function judge(place: Place, views: readonly ShardView[]): Finding[] {
  const { cluster, cell } = place;
  const here = poolsOf(views)
    .filter(({ pool }) => pool.cells.includes(cell.name))
    .map((one) => ({
      ...one,
      labels: once(() => poolerLabels(cluster.metadata.name, one.view, one.name, cell.name)),
    }));
  const required = here.some(({ pool }) => keepsApart(pool.affinity)) ? apart(place, here) : [];
  return [
    ...required.map(({ finding }) => finding),
    ...views.flatMap((view) =>
      required.some(({ pools }) => pools.some((one) => one.view === view))
        ? []
        : together(
            place,
            view,
            here.filter((one) => one.view === view),
          ),
    ),
  ];
}

/** Poolers, of one pool or of several, that must not share a Node, or another place, and cannot help it. */
function apart(
  place: Place,
  here: readonly PoolHere[],
): { pools: readonly PoolHere[]; finding: Finding }[] {
  const groups: { key: string; pools: readonly PoolHere[] }[] = [];
  for (const first of here) {
    for (const key of new Set(here.flatMap((other) => keysBetween(first, other)))) {
      if (groups.some((group) => group.key === key && group.pools.includes(first))) continue;
      groups.push({ key, pools: mutuallyApart(first, here, key) });
    }
  }
  return groups.flatMap(({ key, pools }) => {
    const finding = lacking(place, pools, key);
    return finding ? [{ pools, finding }] : [];
  });
}

/** Topology keys by which a rule of either pool keeps their poolers apart. */
function keysBetween(one: PoolHere, other: PoolHere): string[] {
  const keys = requiredKeys(one.pool.affinity, other.labels);
  return one === other ? keys : [...keys, ...requiredKeys(other.pool.affinity, one.labels)];
}

/** The pool, with others of which each keeps apart from each. */
function mutuallyApart(first: PoolHere, here: readonly PoolHere[], key: string): PoolHere[] {
  const chosen = [first];
  for (const pool of here) {
    if (pool === first) continue;
    if (chosen.every((one) => keysBetween(one, pool).includes(key))) chosen.push(pool);
  }
  return chosen;
}

function lacking(place: Place, pools: readonly PoolHere[], key: string): Finding | undefined {
  const { cell, nodes } = place;
  const [first] = pools;
  // Those of a pool that may share have one place at least.
  const needed = pools.reduce(
    (sum, one) => sum + (keysBetween(one, one).includes(key) ? one.pool.replicasPerCell : 1),
    0,
  );
  const open = nodes.filter((node) => pools.some(({ pool }) => takesPods(node, pool.tolerations)));
  const places = new Set(
    open.flatMap((node) => (key === HOST ? node.name : (node.labels[key] ?? []))),
  ).size;
  const missing = needed - places;
  // A pooler alone asks for no more than any place: that none takes it is said of the shard.
  if (!first || missing <= 0 || needed < 2) return undefined;
  const has = key === HOST ? count(places, 'Node') : `${count(places, 'value')} of ${key}`;
  return {
    path: first.at('replicasPerCell'),
    value: first.pool.replicasPerCell,
    message: `${whoIn(pools, needed, cell.name)}, and ${placeText(cell)} has ${has} for them: ${missing} would stay Pending`,
    allowed: `as many poolers as there are places that take them, ${places} now`,
    fix: `add ${count(missing, 'Node')} to ${placeText(cell)}, or make the podAntiAffinity a preferred one`,
    brief: `${first.view.title}, cell ${cell.name}: ${needed} poolers must keep apart, ${count(places, key === HOST ? 'Node' : 'place')} for them; add ${count(missing, 'Node')}`,
  };
}

function whoIn(pools: readonly PoolHere[], needed: number, cell: string): string {
  const [first] = pools;
  const title = first?.view.title ?? '';
  if (pools.length === 1) {
    return `${first?.owner ?? ''} requires its ${needed} poolers in cell ${cell} to keep apart`;
  }
  const ofOneShard = pools.every(({ view }) => view === first?.view);
  const names = pools.map(({ name, view }) => (ofOneShard ? name : `${name} of ${view.title}`));
  return `pools ${listed(names, 'and')}${ofOneShard ? ` of ${title}` : ''} require ${needed} places apart from each other in cell ${cell}`;
}

/** Poolers that share a Node whose loss the shard does not survive. */
function together(place: Place, view: ShardView, pools: readonly PoolHere[]): Finding | [] {
  const { cell, nodes, world } = place;
  const here = pools.reduce((sum, { pool }) => sum + pool.replicasPerCell, 0);
  const open = countUpTo(here, nodes, (node) =>
    pools.some(({ pool }) => takesPods(node, pool.tolerations)),
  );
  if (here === 0) return [];
  const where = `${view.title}, cell ${cell.name}`;
  if (open === 0) {
    return {
      path: view.at('pools'),
      message: `no Node of ${placeText(cell)} takes the poolers of ${view.title} in cell ${cell.name}: they would stay Pending`,
      allowed: 'a Node that is not cordoned and whose taints the pools tolerate',
      fix: 'uncordon a Node, add one, or write tolerations for its taints into the pools',
      brief: `${where}: no Node takes its poolers; add one, or tolerate the taints`,
    };
  }
  const fullest = Math.ceil(here / open);
  if (fullest < 2 || world.nodes?.length === 1) return [];
  const { durability } = inForce(view, world.shards);
  if (!durability.achievable || survives(durability, cell.name, fullest)) return [];
  return {
    path: view.at('pools'),
    message: `${count(here, 'pooler')} of ${view.title} in cell ${cell.name} share ${count(open, 'Node')} of ${placeText(cell)}: losing one Node removes up to ${fullest} of ${durability.members}, and the shard tolerates ${durability.failoverTolerance}`,
    allowed: `${count(here, 'Node')} that take pods in ${placeText(cell)}`,
    fix: `add ${count(here - open, 'Node')} to ${placeText(cell)}, or spread the poolers over more cells`,
    brief: `${where}: a Node holds ${fullest} of ${durability.members}, ${durability.failoverTolerance} may fail; add ${count(here - open, 'Node')}`,
  };
}

/** How many Nodes are such, counted up to as many as are needed. */
function countUpTo(
  most: number,
  nodes: readonly WorldNode[],
  is: (node: WorldNode) => boolean,
): number {
  let found = 0;
  for (const node of nodes) {
    if (found >= most) break;
    if (is(node)) found++;
  }
  return found;
}

/** May so many members of one cell be lost at once? */
function survives(durability: Durability, cell: string, lost: number): boolean {
  return lost <= durability.failoverTolerance || durability.survivesLossOf[cell] === true;
}
