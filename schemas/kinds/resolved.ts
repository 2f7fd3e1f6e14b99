import { inline, int32, list, map, optional, required, struct } from './dsl.ts';
import { resourceRequirements } from './embedded.ts';
import { text } from './scalars.ts';
import { pvcPolicyInList } from './storage.ts';
import { failoverTimers, gatewayBuffer } from './workloads.ts';

const workload = {
  replicas: required(int32(), 'Pods; of gateways and multiorch in each cell.'),
  resources: optional(resourceRequirements, 'Requests and limits of each.'),
};

const volume = {
  storageSize: optional(text, 'Size of each volume.'),
  storageClass: optional(text, 'Absent: the default class of Kubernetes.'),
};

const retention = optional(pvcPolicyInList, 'What happens to volumes when pods go.');

const etcd = {
  replicas: optional(int32(), 'Members of etcd; absent: somebody else runs it.'),
  image: optional(text, "Image of etcd; absent: the operator's own."),
  resources: optional(resourceRequirements, 'Requests and limits of each.'),
  ...volume,
  pvcDeletionPolicy: retention,
  rootPath: required(text, 'Prefix of all keys.'),
};

const pool = inline({
  cells: required(list(text), 'Cells with poolers.'),
  replicasPerCell: required(int32(), 'Poolers in each cell.'),
  ...volume,
  postgres: optional(resourceRequirements, 'Requests and limits of PostgreSQL.'),
  multipooler: optional(resourceRequirements, 'Requests and limits of multipooler.'),
  pvcDeletionPolicy: retention,
});

const shard = inline({
  template: optional(text, 'ShardTemplate that was merged in.'),
  durabilityPolicy: required(
    text,
    'Policy that a new shard starts under. One that has started keeps its first: see its status.',
  ),
  backup: required(text, 'Where backups go: the path, or the bucket with its prefix.'),
  backupVolume: optional(inline(volume), 'The volume behind that path.'),
  multiorch: required(
    inline({
      ...workload,
      cells: required(list(text), 'Cells with orchestrators.'),
      failover: optional(failoverTimers, 'When a primary that is gone is replaced.'),
    }),
    'Orchestrators.',
  ),
  initdbArgs: optional(text, 'Arguments of initdb.'),
  postgresConfig: optional(map(text), 'Settings of postgresql.conf.'),
  pools: required(map(pool, { maxProperties: 8 }), 'Pools, by name.'),
});

export const resolvedSpec = struct(
  'ResolvedStatus',
  'What runs where the spec says nothing: the spec with templates, inheritance and defaults.',
  {
    globalTopoServer: required(
      inline({
        ...etcd,
        address: required(text, 'Where components find the topology.'),
      }),
      'Global topology.',
    ),
    multiadmin: required(inline(workload), 'Administration service.'),
    multiadminWeb: required(inline(workload), 'Administration page.'),
    cells: required(
      map(
        inline({
          gateway: required(
            inline({
              ...workload,
              buffer: optional(gatewayBuffer, 'Of queries during a failover.'),
            }),
            'Gateways.',
          ),
          localTopoServer: optional(inline(etcd), 'Topology of the cell alone.'),
        }),
        { maxProperties: 50 },
      ),
      'Cells, by name.',
    ),
    shards: required(map(shard), 'Shards, by database/tablegroup/shard.'),
  },
);
