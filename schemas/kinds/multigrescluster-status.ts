import {
  boolean,
  enumeration,
  inline,
  int32,
  list,
  map,
  optional,
  required,
  struct,
} from './dsl.ts';
import { commonStatus, componentImages, pvcPolicyInList, resourceRequirements } from './parts.ts';
import { phase, templateRef, text } from './scalars.ts';
import { switchover, tolerances } from './shard.ts';
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

const resolvedShard = inline({
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
    shards: required(map(resolvedShard), 'Shards, by database/tablegroup/shard.'),
  },
);

const endpoint = inline({
  externalEndpoint: required(text, 'Address for use from outside; empty until there is one.'),
});

const shardSummary = inline({
  phase: optional(phase, 'Its state in one word.'),
  message: optional(text, 'Its state in one sentence.'),
  primary: optional(text, 'Pod of the primary. Absent while there is none, or nobody knows it.'),
  cohort: optional(text, 'Members of the cohort, of those that it should have: 3/3.'),
  ...tolerances,
  doing: optional(text, 'What the operator is doing to it and what that waits for.'),
  switchover: optional(switchover, 'The last switchover that was asked for.'),
});

const templateNames = list(templateRef);

const clusterImages = inline({
  updateStrategy: optional(text, 'The strategy in force.'),
  effective: required(componentImages, 'The images that are rendered.'),
  source: required(
    enumeration(['explicit', 'defaults', 'mixed']),
    'Whether images are pinned in the spec, defaults of the operator, or some of both.',
  ),
  applied: optional(componentImages, 'The set of defaults that this cluster has adopted.'),
  appliedRevision: optional(text, 'Revision of the adopted set.'),
  available: optional(componentImages, "The operator's present set of defaults."),
  availableRevision: optional(text, 'Revision of the present set.'),
});

export const multigresClusterStatus = struct('MultigresClusterStatus', 'State of a cluster.', {
  ...commonStatus,
  cells: optional(
    map(
      inline({
        ready: required(boolean, 'The gateway of the cell answers.'),
        gatewayReplicas: required(int32(), 'Gateway pods of the cell.'),
      }),
      { maxProperties: 50 },
    ),
    'State of each cell, by name.',
  ),
  databases: optional(
    map(
      inline({
        readyShards: required(int32(), 'Shards that serve.'),
        totalShards: required(int32(), 'Shards that there should be.'),
      }),
      { maxProperties: 50 },
    ),
    'State of each database, by name.',
  ),
  shards: optional(map(shardSummary), 'State of each shard, by database/tablegroup/shard.'),
  gateway: optional(endpoint, 'Outside address of the gateway, if externalGateway is enabled.'),
  adminWeb: optional(
    endpoint,
    'Outside address of the admin page, if externalAdminWeb is enabled.',
  ),
  resolvedTemplates: optional(
    inline({
      coreTemplates: optional(templateNames, 'CoreTemplates in use.'),
      cellTemplates: optional(templateNames, 'CellTemplates in use.'),
      shardTemplates: optional(templateNames, 'ShardTemplates in use.'),
    }),
    'Templates that the cluster is made from.',
  ),
  resolved: optional(resolvedSpec, 'The spec as it is carried out.'),
  images: optional(clusterImages, 'Images, and where each of them comes from.'),
});
