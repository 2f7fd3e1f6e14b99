import { locationRules } from './cell-config.ts';
import {
  boolean,
  inline,
  int32,
  type Kind,
  list,
  optional,
  required,
  string,
  struct,
} from './dsl.ts';
import { imagePull } from './images.ts';
import { logLevels, observability } from './observability.ts';
import { cellName, imageRef, region, text, zoneId } from './scalars.ts';
import { internalTls } from './settings.ts';
import { commonStatus, conditionPath } from './status.ts';
import { localTopo, topoRef } from './topology.ts';
import { gateway, placement } from './workloads.ts';

const spec = struct(
  'CellSpec',
  'What a cell shall be.',
  {
    name: required(cellName, 'Name of the cell.'),
    zoneId: optional(zoneId, 'Zone of the cell.'),
    region: optional(region, 'Region of the cell.'),
    images: required(
      inline(
        { multigateway: required(imageRef, 'Image of multigateway.') },
        { bases: [imagePull] },
      ),
      'Images.',
    ),
    multigateway: required(gateway, 'The gateway pods.'),
    multigatewayPlacement: optional(placement, 'Where the gateway pods may run.'),
    globalTopoServer: required(topoRef, 'The global topology server.'),
    topoServer: optional(localTopo, 'A topology server for this cell alone.'),
    allCells: optional(
      list(cellName, { listType: 'set', maxItems: 50 }),
      'All cells of the cluster.',
    ),
    topologyReconciliation: optional(
      inline({
        registerCell: required(boolean, 'Write the record of the cell into the topology.'),
        prunePoolers: required(boolean, 'Remove records of poolers that are gone.'),
      }),
      'What the operator keeps up in the topology.',
    ),
    observability: optional(observability, 'OpenTelemetry settings.'),
    logLevels: optional(logLevels, 'How much each component logs.'),
    internalTLS: optional(internalTls, 'TLS between the components.'),
    certCommonName: optional(text, "Common name of the gateway's certificate towards clients."),
  },
  { rules: locationRules },
);

const status = struct('CellStatus', 'State of a cell.', {
  ...commonStatus,
  gatewayReplicas: required(int32(), 'Gateway pods.'),
  gatewayReadyReplicas: required(int32(), 'Gateway pods that are ready.'),
  gatewayServiceName: optional(string({ maxLength: 253 }), 'Service of the gateway pods.'),
});

export const cell: Kind = {
  kind: 'Cell',
  plural: 'cells',
  shortName: 'cel',
  doc: 'One cell of a cluster: its gateways and, if it has one, its own topology server.',
  writtenBy: 'operator',
  spec,
  status,
  columns: [
    { name: 'Gateway', type: 'integer', jsonPath: '.status.gatewayReadyReplicas' },
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Available') },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
};
