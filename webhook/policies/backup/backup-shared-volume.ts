import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import { membershipOf } from '../../../schemas/durability.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { HOST, poolerLabels, requiredKeys } from '../affinity.ts';
import { shardViews, type ShardView } from '../locate.ts';
import { nodesOf } from '../nodes.ts';
import { CLUSTER_WRITES, type Findings, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { locateBackup } from '../sizes.ts';
import { findNew } from '../stored.ts';

export const backupSharedVolume: Policy = {
  id: 'backup-shared-volume',
  code: 'MG017',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary:
    'Poolers on several Nodes share a backup volume only if it is ReadWriteMany, or S3 is used.',
  description: `All poolers of a shard read and write one backup repository; the first start needs it
too, because standbys are made from the first backup. A ReadWriteOnce volume can be used on one Node
only, and so can a disk of the usual cloud drivers, which refuse a claim for ReadWriteMany. Refused is what
could never start: such a claim, ReadOnlyMany, ReadWriteOncePod for several poolers, and a volume for one
Node where the Nodes of the cells show that the poolers cannot meet on one, or a \`podAntiAffinity\` forbids
it. Otherwise it is a warning.`,
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
        judge({ world: ctx.world, cluster, resolved, view }),
      ),
    ),
};

interface Subject {
  world: World;
  cluster: MultigresCluster;
  resolved: ResolvedCluster;
  view: ShardView;
}

function judge(subject: Subject): Findings {
  const { world, cluster, view } = subject;
  const { backup, pools } = view.shard;
  if (backup.type !== 'filesystem') return [];
  const storage = backup.filesystem?.storage;
  const shared = storage?.accessModes?.includes('ReadWriteMany') === true;
  const disk = shared ? diskClass(world, storage?.class) : undefined;
  if (shared && !disk) return [];
  const membership = membershipOf(pools);
  const poolers = Object.values(membership).reduce((sum, one) => sum + one, 0);
  const trouble =
    neverMounted(storage?.accessModes, disk, poolers) ??
    (poolers < 2 ? undefined : oneNode(subject, disk, Object.keys(membership)));
  if (!trouble) return [];
  const whose =
    poolers === 1
      ? `the pooler of ${view.title} uses`
      : `the ${poolers} poolers of ${view.title} share`;
  const field = disk ? 'class' : 'accessModes';
  return {
    path: locateBackup(cluster, view.path, ['filesystem', 'storage', field]),
    value: storage?.[field],
    message: `${whose} ${trouble.text}`,
    allowed: disk
      ? 'a class whose driver can do ReadWriteMany, or type s3'
      : 'accessModes [ReadWriteMany], or type s3',
    fix: 'use S3, or a StorageClass that can do ReadWriteMany and set accessModes: [ReadWriteMany]',
    brief: `backups of ${view.title}: ${trouble.brief}; use S3 or RWX`,
    ...(trouble.hangs ? { mode: 'deny' } : {}),
  };
}

interface Trouble {
  text: string;
  brief: string;
  /** The shard would never start. */
  hangs: boolean;
}

/** Volumes that no Node could give to all poolers, wherever they run. */
function neverMounted(
  modes: readonly string[] = [],
  disk: DiskClass | undefined,
  poolers: number,
): Trouble | undefined {
  const isOnly = (mode: string): boolean => modes.length === 1 && modes[0] === mode;
  if (disk?.refusesShared) {
    return {
      text: `a ReadWriteMany backup volume of StorageClass ${disk.name}, and its driver ${disk.driver} refuses to make one`,
      brief: `${disk.driver} makes no RWX volume`,
      hangs: true,
    };
  }
  if (isOnly('ReadOnlyMany')) {
    return {
      text: 'a ReadOnlyMany backup volume, which nobody can write to',
      brief: 'nobody can write to ReadOnlyMany',
      hangs: true,
    };
  }
  if (isOnly('ReadWriteOncePod') && poolers > 1) {
    return {
      text: 'a ReadWriteOncePod backup volume, which only one of them can mount',
      brief: 'one pooler only mounts ReadWriteOncePod',
      hangs: true,
    };
  }
  return undefined;
}

/** A volume for one Node, with what keeps the poolers from meeting on one if that is known. */
function oneNode(
  { world, resolved, view }: Subject,
  disk: DiskClass | undefined,
  cellNames: string[],
): Trouble {
  const volume = disk
    ? `a backup volume of StorageClass ${disk.name}, whose driver ${disk.driver} makes disks for one Node`
    : 'a ReadWriteOnce backup volume';
  const cells = farApart(world, resolved, cellNames);
  if (cells) {
    return {
      text: `${volume}, and no Node lies in both cell ${cells[0]} and cell ${cells[1]}`,
      brief: 'the cells share no Node for the volume',
      hangs: true,
    };
  }
  const pools = keptApart(resolved.name, view);
  if (pools) {
    const [one, other] = pools;
    return {
      text: `${volume}, and pool ${one} ${one === other ? 'requires a Node of its own for each' : `keeps off the Nodes of pool ${other}`}`,
      brief: `a volume for one Node, pool ${one} needs several`,
      hangs: true,
    };
  }
  return {
    text: `${volume}, ${disk ? 'and may run on several' : 'which works on one Node only'}`,
    brief: 'the volume works on one Node only',
    hangs: false,
  };
}

/**
 * A pool whose poolers must not meet on a Node, or not with those of another pool: one that must keep
 * off another is enough, whichever of the two says so.
 */
function keptApart(cluster: string, view: ShardView): [string, string] | undefined {
  const pools = Object.entries(view.shard.pools);
  for (const [one, { cells, replicasPerCell, affinity }] of pools) {
    if (!affinity) continue;
    const found = pools.find(
      ([other, pool]) =>
        (other !== one || cells.length * replicasPerCell > 1) &&
        pool.cells.some((cell) =>
          requiredKeys(affinity, () => poolerLabels(cluster, view, other, cell)).includes(HOST),
        ),
    );
    if (found) return [one, found[0]];
  }
  return undefined;
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

/**
 * Drivers that make disks with a file system: one Node at a time mounts them for writing. From the
 * documentation of each. Drivers of shared file systems, and those that can do either, are not listed.
 */
const DISK_DRIVERS: ReadonlySet<string> = new Set([
  'ebs.csi.aws.com',
  'kubernetes.io/aws-ebs',
  'pd.csi.storage.gke.io',
  'kubernetes.io/gce-pd',
  'disk.csi.azure.com',
  'kubernetes.io/azure-disk',
  'dobs.csi.digitalocean.com',
  'csi.hetzner.cloud',
  'cinder.csi.openstack.org',
  'rbd.csi.ceph.com',
]);

/** Those of them that make a volume for any claim, and fail when a second Node attaches it. */
const LATE: ReadonlySet<string> = new Set(['cinder.csi.openstack.org']);

interface DiskClass {
  name: string;
  driver: string;
  /** A claim for ReadWriteMany gets no volume at all. */
  refusesShared: boolean;
}

/** The StorageClass and driver if volumes of this class (none given: the default) are disks. */
function diskClass(world: World, name: string | undefined): DiskClass | undefined {
  const found = (world.storageClasses ?? []).find((one) =>
    name === undefined ? one.isDefault : one.name === name,
  );
  const driver = found?.provisioner;
  return found && driver !== undefined && DISK_DRIVERS.has(driver)
    ? { name: found.name, driver, refusesShared: !LATE.has(driver) }
    : undefined;
}
