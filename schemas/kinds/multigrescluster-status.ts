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
import { componentImages } from './images.ts';
import { resolvedSpec } from './resolved.ts';
import { phase, templateRef, text } from './scalars.ts';
import { switchover } from './shard.ts';
import { commonStatus } from './status.ts';

const endpoint = inline({
  externalEndpoint: required(text, 'Address for use from outside; empty until there is one.'),
});

const shard = inline({
  phase: optional(phase, 'Its state in one word.'),
  message: optional(text, 'Its state in one sentence.'),
  primary: optional(text, 'Pod of the primary. Absent while there is none, or nobody knows it.'),
  cohort: optional(text, 'Members of the cohort, of those that it should have: 3/3.'),
  writeTolerance: optional(
    int32(),
    'Members that may fail now while the shard still accepts writes.',
  ),
  failoverTolerance: optional(
    int32(),
    'Members that may fail now while a new primary can still be elected without loss.',
  ),
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
  shards: optional(map(shard), 'State of each shard, by database/tablegroup/shard.'),
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
