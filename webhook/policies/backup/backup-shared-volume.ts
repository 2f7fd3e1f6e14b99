import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import { membershipOf } from '../../../schemas/durability.ts';
import { HOST, poolerLabels, requiredKeys } from '../affinity.ts';
import { shardViews, type ShardView } from '../locate.ts';
import { nodesOf } from '../nodes.ts';
import type { Finding, Policy, World } from '../policy.ts';
import { locateBackup } from '../sizes.ts';
import { findNew } from '../stored.ts';
import { diskClass } from './disks.ts';

export const backupSharedVolume: Policy = {
  id: 'backup-shared-volume',
  code: 'MG017',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary:
    'Poolers on several Nodes share a backup volume only if it is ReadWriteMany, or S3 is used.',
  description: `All poolers of a shard read and write one backup repository; the first start needs it
too, because standbys are made from the first backup. A ReadWriteOnce volume can be used on one Node
only, and so can a disk of the usual cloud drivers, whatever its claim asks for. If the Nodes of the
cells show that the poolers cannot meet on one Node, or a \`podAntiAffinity\` forbids it, the cluster could
never start and is refused; otherwise it is a warning.`,
  good: `spec:
  backup:
    type: filesystem
    filesystem:
      storage:
        accessModes: [ReadWriteMany]`,
  bad: `spec:
  backup:
    type: filesystem # ReadWriteOnce by default
  cells:
    - { name: zone-a, zoneId: use1-az1 }
    - { name: zone-b, zoneId: use1-az2 }`,
  check: (ctx) =>
    findNew(ctx, (cluster, resolved) =>
      shardViews(cluster, resolved).flatMap((view) =>
        judge({ world: ctx.world, resolved, view }).map((finding) => ({
          ...finding,
          path: locateBackup(cluster, view.path, ['filesystem', 'storage', finding.path]),
        })),
      ),
    ),
};

interface Subject {
  world: World;
  resolved: ResolvedCluster;
  view: ShardView;
}

function judge({ world, resolved, view }: Subject): Finding[] {
  const { backup, pools } = view.shard;
  if (backup.type !== 'filesystem') return [];
  const storage = backup.filesystem?.storage;
  const shared = storage?.accessModes?.includes('ReadWriteMany') === true;
  const disk = shared ? diskClass(world, storage?.class) : undefined;
  if (shared && !disk) return [];
  const membership = membershipOf(pools);
  const poolers = Object.values(membership).reduce((sum, count) => sum + count, 0);
  if (poolers < 2) return [];
  const cells = farApart(world, resolved, Object.keys(membership));
  const pool = cells ? undefined : keptApart(resolved.name, view);
  const { volume, otherwise } = disk
    ? {
        volume: `a backup volume of StorageClass ${disk.name}, whose driver ${disk.driver} makes disks for one Node`,
        otherwise: 'and may run on several',
      }
    : byModes(storage?.accessModes);
  const why = cells
    ? `and no Node lies in both cell ${cells[0]} and cell ${cells[1]}`
    : pool !== undefined && `and pool ${pool} requires a Node of its own for each`;
  return [
    {
      path: disk ? 'class' : 'accessModes',
      message: `the ${poolers} poolers of ${view.title} share ${volume}, ${why || otherwise}`,
      allowed: disk
        ? 'a class whose driver can do ReadWriteMany, or type s3'
        : 'accessModes [ReadWriteMany], or type s3',
      fix: 'use S3, or a StorageClass that can do ReadWriteMany and set accessModes: [ReadWriteMany]',
      ...(why ? { mode: 'deny' } : {}),
    },
  ];
}

/** What can be said of a volume that is not ReadWriteMany by its access modes alone. */
function byModes(modes: readonly string[] = []): { volume: string; otherwise: string } {
  return modes.length === 0 || modes.includes('ReadWriteOnce')
    ? { volume: 'a ReadWriteOnce backup volume', otherwise: 'which works on one Node only' }
    : {
        volume: `a backup volume of ${modes.join(', ')}`,
        otherwise: 'which not all of them can write to',
      };
}

/** A pool with several poolers that must not meet on a Node. */
function keptApart(cluster: string, view: ShardView): string | undefined {
  const found = Object.entries(view.shard.pools).find(
    ([name, { cells, replicasPerCell, affinity }]) =>
      cells.length * replicasPerCell > 1 &&
      cells.some((cell) =>
        requiredKeys(affinity, () => poolerLabels(cluster, view, name, cell)).includes(HOST),
      ),
  );
  return found?.[0];
}

/** Two cells whose Nodes are known and have none in common. */
function farApart(
  world: World,
  resolved: ResolvedCluster,
  cellNames: string[],
): [string, string] | undefined {
  const cells = resolved.cells
    .filter((cell) => cellNames.includes(cell.name))
    .map((cell) => ({ name: cell.name, nodes: new Set(nodesOf(world, cell)) }))
    .filter((cell) => cell.nodes.size > 0);
  for (const [index, one] of cells.entries()) {
    for (const other of cells.slice(index + 1)) {
      if (![...one.nodes].some((node) => other.nodes.has(node))) return [one.name, other.name];
    }
  }
  return undefined;
}
