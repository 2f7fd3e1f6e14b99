import { bufferOf } from '../../schemas/buffer.ts';
import { compact } from '../../schemas/compact.ts';
import { failoverOf } from '../../schemas/failover.ts';
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import type {
  ResolvedCell,
  ResolvedCluster,
  ResolvedEtcd,
  ResolvedGlobalTopo,
  ResolvedLocalTopo,
  ResolvedPool,
  ResolvedShard,
  ResolvedStateless,
} from '../../schemas/resolve/types.ts';
import type { Backup, PvcPolicy, ResolvedStatus, Storage } from '../../schemas/types.ts';

type Shards = ResolvedStatus['shards'];
type ShardStatus = Shards[string];

const workload = ({ replicas, resources }: ResolvedStateless) => ({ replicas, resources });

const volume = ({ size, class: storageClass }: Storage) =>
  compact({ storageSize: size, storageClass });

type Topology = NonNullable<ResolvedStatus['cells'][string]['localTopoServer']>;

const etcdOf = (
  { replicas, image, resources, storage, rootPath }: ResolvedEtcd,
  pvcDeletionPolicy: PvcPolicy | undefined,
): Topology =>
  compact({ replicas, image, resources, ...volume(storage), pvcDeletionPolicy, rootPath });

const topology = (topo: ResolvedGlobalTopo, address: string): ResolvedStatus['globalTopoServer'] =>
  topo.kind === 'external'
    ? { address, rootPath: topo.external.rootPath }
    : { ...etcdOf(topo.etcd, topo.pvcDeletionPolicy), address };

const localTopology = ({ etcd, external }: ResolvedLocalTopo): Topology | undefined =>
  etcd ? etcdOf(etcd, etcd.pvcDeletionPolicy) : external && { rootPath: external.rootPath };

const cellOf = ({ gateway, localTopo }: ResolvedCell): ResolvedStatus['cells'][string] =>
  compact({
    gateway: compact({ ...workload(gateway), buffer: bufferOf(gateway.buffer) }),
    localTopoServer: localTopo && localTopology(localTopo),
  });

/** Where backups go, in one word. */
const placeOf = ({ type, filesystem, s3 }: Backup): string =>
  type === 's3'
    ? `s3://${[s3?.bucket, s3?.keyPrefix].filter(Boolean).join('/')}`
    : (filesystem?.path ?? '');

const poolOf = (pool: ResolvedPool, ofShard: PvcPolicy) =>
  compact({
    cells: pool.cells,
    replicasPerCell: pool.replicasPerCell,
    ...volume(pool.storage),
    postgres: pool.postgres?.resources,
    multipooler: pool.multipooler?.resources,
    pvcDeletionPolicy: effectivePvcPolicy(pool.pvcDeletionPolicy, ofShard),
  });

const shardOf = (shard: ResolvedShard, durabilityPolicy: string): ShardStatus =>
  compact({
    template: shard.template,
    durabilityPolicy,
    backup: placeOf(shard.backup),
    backupVolume:
      shard.backup.type === 'filesystem' && shard.backup.filesystem?.storage
        ? volume(shard.backup.filesystem.storage)
        : undefined,
    multiorch: {
      ...workload(shard.multiorch),
      cells: shard.multiorch.cells,
      failover: failoverOf(shard.multiorch.failover),
    },
    initdbArgs: shard.initdbArgs,
    postgresConfig: shard.postgresConfig,
    pools: Object.fromEntries(
      Object.entries(shard.pools).map(([name, pool]) => [
        name,
        poolOf(pool, shard.pvcDeletionPolicy),
      ]),
    ),
  });

/** What `status.resolved` shows: the answer to "what runs?" where the spec says nothing. Pure. */
export const resolvedStatus = (resolved: ResolvedCluster): ResolvedStatus => ({
  globalTopoServer: topology(resolved.globalTopo, resolved.topoRef.address),
  multiadmin: workload(resolved.multiadmin.spec),
  multiadminWeb: workload(resolved.multiadminWeb.spec),
  cells: Object.fromEntries(resolved.cells.map((cell) => [cell.name, cellOf(cell)])),
  shards: Object.fromEntries(
    resolved.databases.flatMap(({ name, durabilityPolicy, tablegroups }) =>
      tablegroups.flatMap((group) =>
        group.shards.map(
          (shard) =>
            [`${name}/${group.name}/${shard.name}`, shardOf(shard, durabilityPolicy)] as const,
        ),
      ),
    ),
  ),
});
