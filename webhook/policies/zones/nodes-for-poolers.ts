import type { Durability } from '../../../schemas/durability.ts';
import type { ResolvedCell, ResolvedPool } from '../../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { HOST, poolerLabels, requiredKeys } from '../affinity.ts';
import { clusterOf, locateInShard, shardViews, type ShardView } from '../locate.ts';
import { nodesAt, placeText, takesPods } from '../nodes.ts';
import type { Finding, Policy, World } from '../policy.ts';
import type { WorldNode } from '../world.ts';
import { count } from '../words.ts';

export const nodesForPoolers: Policy = {
  id: 'nodes-for-poolers',
  code: 'MG033',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary: 'Each cell has as many Nodes that take pods as it shall have poolers.',
  description: `Poolers of a shard prefer Nodes of their own. If there are too few, they share some, and
the loss of one Node takes several poolers: worth a warning where the shard would not survive that. If
the pool has an own \`podAntiAffinity\` that requires separate Nodes (or other places, by
\`topologyKey\`), the poolers that find none stay Pending. Counted are the Nodes of the cell's zone that
are neither cordoned nor broken and whose taints the pool tolerates. It is a warning only, because an
autoscaler may bring Nodes. A Kubernetes cluster of one Node is taken for one to try things out.`,
  good: `pools:
  main: { cells: [zone-a], replicasPerCell: 3 } # zone-a has three Nodes`,
  bad: `pools:
  main: { cells: [zone-a], replicasPerCell: 3 } # zone-a has two Nodes`,
  check(ctx) {
    const resolved = ctx.resolved();
    const { world } = ctx;
    if (!resolved || (world.nodes ?? []).length < 2) return [];
    const cluster = clusterOf(ctx);
    const views = shardViews(cluster, resolved);
    return resolved.cells.flatMap((cell) => {
      const nodes = nodesAt(world, cell);
      // No Node at all is the business of zones-exist.
      if (nodes.length === 0) return [];
      return views.flatMap((view) => judge({ world, cluster, view, cell, nodes }));
    });
  },
};

interface Place {
  world: World;
  cluster: MultigresCluster;
  view: ShardView;
  cell: ResolvedCell;
  /** Of the cell, whether or not they take pods. */
  nodes: readonly WorldNode[];
}

function judge(place: Place): Finding[] {
  const { cell, view } = place;
  const pools = Object.entries(view.shard.pools).filter(([, { cells }]) =>
    cells.includes(cell.name),
  );
  const required = pools.flatMap(([name, pool]) => apart(place, name, pool));
  return required.length > 0 ? required : together(place, pools);
}

/** Poolers that must not share a Node, or another place, and cannot help it. */
function apart(place: Place, name: string, pool: ResolvedPool): Finding[] {
  const { cluster, view, cell, nodes } = place;
  if (!pool.affinity) return [];
  const keys = requiredKeys(pool.affinity, () =>
    poolerLabels(cluster.metadata.name, view, name, cell.name),
  );
  if (keys.length === 0) return [];
  const open = nodes.filter((node) => takesPods(node, pool.tolerations));
  return keys.flatMap((key): Finding[] => {
    const domains = new Set(
      open.flatMap((node) => (key === HOST ? node.name : (node.labels[key] ?? []))),
    );
    const lacking = pool.replicasPerCell - domains.size;
    if (lacking <= 0) return [];
    const what =
      key === HOST ? count(domains.size, 'Node') : `${count(domains.size, 'value')} of ${key}`;
    return [
      {
        path: locateInShard(cluster, view, 'pools', name, 'replicasPerCell'),
        value: pool.replicasPerCell,
        message: `pool ${name} of ${view.title} requires its ${pool.replicasPerCell} poolers in cell ${cell.name} to keep apart, and ${placeText(cell)} has ${what} for them: ${lacking} would stay Pending`,
        allowed: `as many poolers as there are places that take them, ${domains.size} now`,
        fix: `add ${count(lacking, 'Node')} to ${placeText(cell)}, or make the podAntiAffinity a preferred one`,
      },
    ];
  });
}

/** Poolers that share a Node whose loss the shard does not survive. */
function together(place: Place, pools: [string, ResolvedPool][]): Finding[] {
  const { cluster, view, cell, nodes } = place;
  const here = pools.reduce((sum, [, pool]) => sum + pool.replicasPerCell, 0);
  const open = countUpTo(here, nodes, (node) =>
    pools.some(([, pool]) => takesPods(node, pool.tolerations)),
  );
  if (here === 0) return [];
  if (open === 0) {
    return [
      {
        path: locateInShard(cluster, view, 'pools'),
        message: `no Node of ${placeText(cell)} takes the poolers of ${view.title} in cell ${cell.name}: they would stay Pending`,
        allowed: 'a Node that is not cordoned and whose taints the pools tolerate',
        fix: 'uncordon a Node, add one, or write tolerations for its taints into the pools',
      },
    ];
  }
  const fullest = Math.ceil(here / open);
  if (fullest < 2) return [];
  const durability = view.durability();
  if (!durability.achievable || survives(durability, cell.name, fullest)) return [];
  return [
    {
      path: locateInShard(cluster, view, 'pools'),
      message: `${count(here, 'pooler')} of ${view.title} in cell ${cell.name} share ${count(open, 'Node')} of ${placeText(cell)}: losing one Node removes up to ${fullest} of ${durability.members}, and the shard tolerates ${durability.failoverTolerance}`,
      allowed: `${count(here, 'Node')} that take pods in ${placeText(cell)}`,
      fix: `add ${count(here - open, 'Node')} to ${placeText(cell)}, or spread the poolers over more cells`,
    },
  ];
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
