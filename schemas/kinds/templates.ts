import { type Kind, optional, struct } from './dsl.ts';
import { pvcPolicy } from './parts.ts';
import { shardSettings, templatePools } from './shard-parts.ts';
import { localTopo, topoServerSpec } from './topology.ts';
import { gateway, placement, stateless } from './workloads.ts';

export const coreTemplate = {
  kind: 'CoreTemplate',
  plural: 'coretemplates',
  shortName: 'cot',
  doc: 'Settings of the topology server and the admin service, shared by clusters of a namespace.',
  writtenBy: 'user',
  spec: struct('CoreTemplateSpec', 'What clusters with this template get.', {
    globalTopoServer: optional(topoServerSpec, 'The managed topology server.'),
    multiadmin: optional(stateless, 'The admin service.'),
    multiadminPlacement: optional(placement, 'Where pods of the admin service may run.'),
    multiadminWeb: optional(stateless, 'The admin page.'),
  }),
  columns: [],
} satisfies Kind;

export const cellTemplate = {
  kind: 'CellTemplate',
  plural: 'celltemplates',
  shortName: 'cet',
  doc: 'Settings of cells, shared by clusters of a namespace.',
  writtenBy: 'user',
  spec: struct('CellTemplateSpec', 'What cells with this template get.', {
    multigateway: optional(gateway, 'The gateway pods.'),
    multigatewayPlacement: optional(placement, 'Where the gateway pods may run.'),
    localTopoServer: optional(localTopo, 'A topology server for each cell alone.'),
  }),
  columns: [],
} satisfies Kind;

export const shardTemplate = {
  kind: 'ShardTemplate',
  plural: 'shardtemplates',
  shortName: 'sht',
  doc: 'Settings of shards, shared by clusters of a namespace.',
  writtenBy: 'user',
  spec: struct('ShardTemplateSpec', 'What shards with this template get.', {
    ...shardSettings,
    pools: optional(
      templatePools,
      'Pools by name, of at most 25 characters to be of use. Pools can be added, not removed.',
    ),
    pvcDeletionPolicy: optional(pvcPolicy, 'What happens to data volumes when pods go.'),
  }),
  columns: [],
} satisfies Kind;
