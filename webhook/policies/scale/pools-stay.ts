import { LABELS } from '../../../schemas/labels.ts';
import { claimsAt, countAndSize, placeOf } from '../claims.ts';
import { knownLive } from '../live.ts';
import { clusterOf, locateInShard, shardViews, type ShardView } from '../locate.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import type { Finding, Policy } from '../policy.ts';
import type { WorldClaim } from '../world.ts';
import { own } from '../../../schemas/own.ts';

export const poolsStay: Policy = {
  id: 'pools-stay',
  code: 'MG012',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE'],
  mode: 'deny',
  summary: 'Pools, and the cells of a pool, are added but never taken away.',
  description: `The poolers of a pool hold copies of the data and are members of the quorum. Taking a
pool or one of its cells away would remove them all at once. The schema refuses this where the pools
are written in the cluster; this policy also looks at what templates bring, so that a change of
template does not do it unseen. Removing a whole table group is possible.`,
  good: `pools:
  main: { cells: [zone-a, zone-b] } # was [zone-a]`,
  bad: `pools:
  main: { cells: [zone-a] } # was [zone-a, zone-b]`,
  check(ctx) {
    const [resolved, before] = [ctx.resolved(), ctx.oldResolved()];
    if (!resolved || !before) return [];
    const cluster = clusterOf(ctx);
    const claims = knownLive(ctx)?.claims ?? [];
    const now = new Map(shardViews(cluster, resolved).map((view) => [view.title, view]));
    return shardViews(ctx.old as MultigresCluster, before).flatMap((old) => {
      const view = now.get(old.title);
      return view ? judge({ cluster, old, view, claims }) : [];
    });
  },
};

interface Step {
  cluster: MultigresCluster;
  old: ShardView;
  view: ShardView;
  claims: readonly WorldClaim[];
}

function judge({ cluster, old, view, claims }: Step): Finding[] {
  const findings: Finding[] = [];
  for (const [name, oldPool] of Object.entries(old.shard.pools)) {
    const pool = own(view.shard.pools, name);
    const lost = pool ? oldPool.cells.filter((cell) => !pool.cells.includes(cell)) : [];
    if (pool && lost.length === 0) continue;
    const held = claimsAt(claims, { ...placeOf(view), pool: name }).filter(
      ({ labels }) => !pool || lost.includes(labels[LABELS.cell] ?? ''),
    );
    const data = held.length > 0 ? `, where ${countAndSize(held)} hold its data` : '';
    findings.push({
      path: locateInShard(cluster, view, 'pools', ...(pool ? [name, 'cells'] : [])),
      message: pool
        ? `pool ${name} of ${view.title} would lose cell ${lost.join(', ')}${data}`
        : `pool ${name} of ${view.title} would go away${data}`,
      allowed: pool ? 'the cells it has, and more' : 'the pools it has, and more',
      fix: pool
        ? `keep ${oldPool.cells.join(', ')} in the list`
        : `keep pool ${name}, inline or in the template`,
    });
  }
  return findings;
}
