import { majorityOf } from '../../../schemas/durability.ts';
import type { ResolvedCluster, ResolvedGlobalTopo } from '../../../schemas/resolve/types.ts';
import type { Toleration } from '../../../schemas/k8s.ts';
import { clusterOf, locate } from '../locate.ts';
import { takesPods, zoneOf } from '../nodes.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { listed } from '../words.ts';

export const etcdSpread: Policy = {
  id: 'etcd-spread',
  code: 'MG031',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'The members of the global etcd can run in several zones, and on enough Nodes.',
  description: `The members prefer different Nodes and zones, but take what there is. If all Nodes that
take them lie in one zone, the loss of that zone stops failover in every cell; if one Node must carry so
many members that the others are no majority, the loss of that Node does. Looked at are Nodes that are
not cordoned and whose taints \`globalTopoServer.placement.tolerations\` tolerates: if there is none, the
members stay Pending, and nothing else starts. A Kubernetes cluster of one Node is taken for one to try
things out, and one whose cells are all in one zone has nothing to gain: there a member may be anywhere.`,
  good: `globalTopoServer:
  etcd: { replicas: 3 } # Nodes in three zones take pods`,
  bad: `globalTopoServer:
  etcd: { replicas: 3 } # the Nodes of two of the three zones are cordoned`,
  check(ctx) {
    const resolved = ctx.resolved();
    const nodes = ctx.world.nodes ?? [];
    if (resolved?.globalTopo.kind !== 'etcd' || nodes.length === 0) return [];
    const message = judge(ctx.world, resolved, resolved.globalTopo);
    if (message === undefined) return [];
    return {
      path: locate(
        clusterOf(ctx),
        ['spec', 'globalTopoServer', 'placement', 'tolerations'],
        ['spec', 'globalTopoServer'],
        ['spec'],
      ),
      ...message,
    };
  },
};

function judge(
  world: World,
  resolved: ResolvedCluster,
  { etcd, placement }: Extract<ResolvedGlobalTopo, { kind: 'etcd' }>,
): Omit<Finding, 'path'> | undefined {
  if (spread(world, etcd.replicas, placement?.tolerations)) return undefined;
  const open = (world.nodes ?? []).filter((node) => takesPods(node, placement?.tolerations));
  if (open.length === 0) {
    return {
      message:
        'no Node takes the members of the global etcd: they would stay Pending, and nothing else starts',
      allowed: 'a Node that is not cordoned and whose taints placement.tolerations tolerates',
      fix: 'uncordon a Node, add one, or tolerate the taints of those there are under placement.tolerations',
      brief:
        'global etcd: no Node takes it; add one, or tolerate the taints under placement.tolerations',
    };
  }
  if (world.nodes?.length === 1 || etcd.replicas < 3) return undefined;
  const zones = [...new Set(open.map((node) => zoneOf(world, node)))];
  const [zone] = zones;
  const places = new Set(resolved.cells.map(({ zoneId, region }) => zoneId ?? region));
  if (zones.length === 1 && zone !== undefined && places.size > 1) {
    return {
      message: `all ${etcd.replicas} members of the global etcd would run in zone ${zone}: without it no cell can fail over`,
      allowed: 'Nodes that take its pods in 3 zones',
      fix: `let Nodes of other zones take pods (${others(world, zone)}), or tolerate their taints under placement.tolerations`,
      brief: `global etcd: all ${etcd.replicas} members would run in zone ${zone}; let Nodes of other zones take pods`,
    };
  }
  const fullest = Math.ceil(etcd.replicas / open.length);
  const tolerates = etcd.replicas - majorityOf(etcd.replicas);
  if (fullest <= tolerates) return undefined;
  return {
    message: `${open.length === 1 ? 'one Node' : `${open.length} Nodes`} for ${etcd.replicas} members of the global etcd: losing a Node removes up to ${fullest}, and etcd tolerates ${tolerates}`,
    allowed: `${Math.ceil(etcd.replicas / tolerates)} Nodes or more that take its pods`,
    fix: 'add Nodes, or tolerate the taints of those there are under placement.tolerations',
    brief: `global etcd: a Node holds ${fullest} of ${etcd.replicas} members, ${tolerates} may fail; add Nodes that take pods`,
  };
}

/** As many Nodes as it needs, in two zones, or any at all for a small one: known after a few of thousands. */
function spread(
  world: World,
  replicas: number,
  tolerations: readonly Toleration[] | undefined,
): boolean {
  const needed = Math.ceil(replicas / Math.max(replicas - majorityOf(replicas), 1));
  let [open, zone, zones]: [number, string | undefined, number] = [0, undefined, 0];
  for (const node of world.nodes ?? []) {
    if (!takesPods(node, tolerations)) continue;
    open++;
    if (replicas < 3) return true;
    const own = zoneOf(world, node);
    if (zones === 0 || (zones === 1 && own !== zone)) zones++;
    if (zones === 1) zone = own;
    if (zones === 2 && open >= needed) return true;
  }
  return false;
}

function others(world: World, zone: string): string {
  const zones = new Set((world.nodes ?? []).flatMap((node) => zoneOf(world, node) ?? []));
  zones.delete(zone);
  return zones.size === 0 ? 'there are none yet' : listed([...zones].toSorted(), 'and');
}
