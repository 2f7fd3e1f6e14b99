import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, Storage } from '../../schemas/types.ts';
import { cellTopoClaims, claimsAt, globalTopoClaims, isBackup, placeOf } from './claims.ts';
import { locate, locateInCell, locateInShard, pointer, shardViews, valueAt } from './locate.ts';
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
  const volumes: Volume[] = [];
  if (resolved.globalTopo.kind === 'etcd') {
    volumes.push({
      owner: 'the global etcd',
      kind: 'etcd',
      storage: resolved.globalTopo.etcd.storage,
      path: (field) =>
        locate(
          cluster,
          ['spec', 'globalTopoServer', 'etcd', 'storage', field],
          ['spec', 'globalTopoServer', 'templateRef'],
          ['spec', 'templateDefaults', 'coreTemplate'],
        ),
      claims: (all) => globalTopoClaims(all, resolved.name),
    });
  }
  for (const cell of resolved.cells) {
    if (!cell.localTopo?.etcd) continue;
    volumes.push({
      owner: `the etcd of cell ${cell.name}`,
      kind: 'etcd',
      storage: cell.localTopo.etcd.storage,
      path: (field) =>
        locateInCell(cluster, cell.name, 'localTopoServer', 'etcd', 'storage', field),
      claims: (all) => cellTopoClaims(all, resolved.name, cell.name),
    });
  }
  for (const view of shardViews(cluster, resolved)) {
    for (const [name, pool] of Object.entries(view.shard.pools)) {
      volumes.push({
        owner: `pool ${name} of ${view.title}`,
        kind: 'pool',
        storage: pool.storage,
        path: (field) => locateInShard(cluster, view, 'pools', name, 'storage', field),
        claims: (all) => claimsAt(all, { ...placeOf(view), pool: name }),
      });
    }
    const { backup } = view.shard;
    if (backup.type !== 'filesystem') continue;
    volumes.push({
      owner: `the backups of ${view.title}`,
      kind: 'backup',
      storage: backup.filesystem?.storage ?? {},
      path: (field) => locateBackup(cluster, view.path, ['filesystem', 'storage', field]),
      claims: (all) => claimsAt(all, placeOf(view)).filter(isBackup),
    });
  }
  return volumes;
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
