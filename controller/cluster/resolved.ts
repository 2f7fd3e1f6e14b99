import { compact } from '../../schemas/compact.ts';
import type {
  ResolvedCluster,
  ResolvedGlobalTopo,
  ResolvedPool,
  ResolvedShard,
  ResolvedStateless,
} from '../../schemas/resolve/types.ts';
import type { Backup, ResolvedStatus } from '../../schemas/types.ts';

type Shards = ResolvedStatus['shards'];
type ShardStatus = Shards[string];

const workload = ({ replicas, resources }: ResolvedStateless) => ({ replicas, resources });

const topology = (
  topo: ResolvedGlobalTopo,
  address: string,
): ResolvedStatus['globalTopoServer'] => {
  if (topo.kind === 'external') return { address };
  const { replicas, resources, storage } = topo.etcd;
  const { size: storageSize, class: storageClass } = storage;
  return compact({ replicas, resources, storageSize, storageClass, address });
};

/** Where backups go, in one word. */
const placeOf = ({ type, filesystem, s3 }: Backup): string =>
  type === 's3'
    ? `s3://${[s3?.bucket, s3?.keyPrefix].filter(Boolean).join('/')}`
    : (filesystem?.path ?? '');

const poolOf = ({ cells, replicasPerCell, storage, postgres, multipooler }: ResolvedPool) =>
  compact({
    cells,
    replicasPerCell,
    storageSize: storage.size,
    storageClass: storage.class,
    postgres: postgres?.resources,
    multipooler: multipooler?.resources,
  });

const shardOf = (shard: ResolvedShard, durabilityPolicy: string): ShardStatus =>
  compact({
    template: shard.template,
    durabilityPolicy,
    backup: placeOf(shard.backup),
    multiorch: workload(shard.multiorch),
    pools: Object.fromEntries(
      Object.entries(shard.pools).map(([name, pool]) => [name, poolOf(pool)]),
    ),
  });

/** What `status.resolved` shows: the answer to "what runs?" where the spec says nothing. Pure. */
export const resolvedStatus = (resolved: ResolvedCluster): ResolvedStatus => ({
  globalTopoServer: topology(resolved.globalTopo, resolved.topoRef.address),
  multiadmin: workload(resolved.multiadmin.spec),
  multiadminWeb: workload(resolved.multiadminWeb.spec),
  cells: Object.fromEntries(
    resolved.cells.map(({ name, gateway }) => [name, { gateway: workload(gateway) }]),
  ),
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
