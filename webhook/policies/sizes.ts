import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, Storage } from '../../schemas/types.ts';
import { claimsAt, isBackup, placeOf } from './claims.ts';
import { pointer, poolsOf, shardViews, valueAt, type ShardView } from './locate.ts';
import { etcdsOf } from './topology.ts';
import type { WorldClaim } from './world.ts';

/** A volume that the cluster asks for. */
export interface Volume {
  /** `pool main of postgres/default/0-inf`; the same before and after a change. */
  owner: string;
  kind: 'etcd' | 'pool' | 'backup';
  storage: Storage;
  path: (field: keyof Storage) => string;
  /** Those of the cluster's claims that were made for it. */
  claims: (all: readonly WorldClaim[]) => WorldClaim[];
}

/** Every volume of a resolved cluster: topology servers, pools, backups on file systems. */
export function volumesOf(cluster: MultigresCluster, resolved: ResolvedCluster): Volume[] {
  return [
    ...etcdsOf(cluster, resolved).map(({ owner, etcd, at, claims }): Volume => ({
      owner,
      kind: 'etcd',
      storage: etcd.storage,
      path: (field) => at('storage', field),
      claims,
    })),
    ...shardViews(cluster, resolved).flatMap((view) => volumesOfShard(cluster, view)),
  ];
}

function volumesOfShard(cluster: MultigresCluster, view: ShardView): Volume[] {
  const pools = poolsOf([view]).map(({ owner, name, pool, at }): Volume => ({
    owner,
    kind: 'pool',
    storage: pool.storage,
    path: (field) => at('storage', field),
    claims: (all) => claimsAt(all, { ...placeOf(view), pool: name }),
  }));
  const { backup } = view.shard;
  if (backup.type !== 'filesystem') return pools;
  return [
    ...pools,
    {
      owner: `the backups of ${view.title}`,
      kind: 'backup',
      storage: backup.filesystem?.storage ?? {},
      path: (field) => locateBackup(cluster, view.path, ['filesystem', 'storage', field]),
      claims: (all) => claimsAt(all, placeOf(view)).filter(isBackup),
    },
  ];
}

/** Pointer to a field of the backup block in force for a shard: the innermost that has it. */
export function locateBackup(
  cluster: MultigresCluster,
  shardPath: readonly (string | number)[],
  field: readonly string[],
): string {
  const tablegroup = shardPath.slice(0, 5);
  const database = shardPath.slice(0, 3);
  const blocks = [shardPath, tablegroup, database, ['spec']].map((path) => [...path, 'backup']);
  const written = blocks.find((path) => valueAt(cluster, [...path, ...field]) !== undefined);
  const block = written ?? blocks.find((path) => valueAt(cluster, path) !== undefined);
  return pointer(...(block ?? ['spec', 'backup']), ...field);
}
