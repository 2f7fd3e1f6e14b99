import { type Kind, optional, struct } from './dsl.ts';
import { localTopo } from './topology.ts';
import { gateway, placement } from './workloads.ts';

export const cellTemplate: Kind = {
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
};
