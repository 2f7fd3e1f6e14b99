import { compareQuantity } from '../../../schemas/quantity.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import { shardKey } from '../../../schemas/resolve/running.ts';
import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { clusterOf, shardViews } from '../locate.ts';
import type { Policy, PolicyContext } from '../policy.ts';
import { volumesOf } from '../sizes.ts';

export const storageNotShrunk: Policy = {
  id: 'storage-not-shrunk',
  code: 'MG015',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE'],
  mode: 'deny',
  summary: 'Storage sizes grow but never shrink.',
  description: `Kubernetes can enlarge a volume, not shrink it. A smaller size in the manifest would
describe something that never happens, so it is refused for pools, and warned about for etcd and
backups. Sizes are compared by value: \`1Gi\` equals \`1024Mi\`. What templates bring counts as well.`,
  good: `storage:
  size: 20Gi # was 10Gi`,
  bad: `storage:
  size: 5Gi # was 10Gi`,
  check(ctx) {
    const before = ctx.oldResolved();
    if (!before) return [];
    const resolved = resolveOver(ctx, before);
    if (!resolved) return [];
    const sizes = new Map(
      volumesOf(ctx.old as MultigresCluster, before).map((v) => [v.owner, v.storage.size]),
    );
    return volumesOf(clusterOf(ctx), resolved).flatMap(({ owner, kind, storage, path }) => {
      const old = sizes.get(owner);
      if (old === undefined || storage.size === undefined) return [];
      if (compareQuantity(storage.size, old) !== -1) return [];
      return [
        {
          path: path('size'),
          value: storage.size,
          message: `the volume for ${owner} has ${old} and cannot shrink to ${storage.size}`,
          allowed: `${old} or more`,
          fix: `keep ${old}`,
          ...(kind === 'pool' ? {} : { mode: 'warn' as const }),
        },
      ];
    });
  },
};

/**
 * The new cluster as the controller will resolve it over what runs: sizes that nobody writes any
 * more stay as they are, so only a smaller size that is written counts.
 */
function resolveOver(ctx: PolicyContext, before: ResolvedCluster): ResolvedCluster | undefined {
  if (!ctx.world.templates) return undefined;
  const running = Object.fromEntries(
    shardViews(ctx.old as MultigresCluster, before).map(({ database, tablegroup, shard }) => [
      shardKey(database, tablegroup, shard.name),
      { pools: shard.pools },
    ]),
  );
  const result = resolveCluster(clusterOf(ctx), ctx.world.templates, { running });
  return result.ok ? result.value : undefined;
}
