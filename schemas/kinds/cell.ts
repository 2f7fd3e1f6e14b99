import {
  boolean,
  inline,
  int32,
  type Kind,
  list,
  optional,
  required,
  ruled,
  ruledInChange,
  string,
  struct,
} from './dsl.ts';
import {
  commonStatus,
  conditionPath,
  imagePull,
  internalTls,
  logLevels,
  observability,
  specExcludes,
} from './parts.ts';
import { cellName, cellNames, imageRef, region, templateRef, text, zoneId } from './scalars.ts';
import { localTopo, localTopoInList, topoRef } from './topology.ts';
import { gateway, placement } from './workloads.ts';

/** Where a cell lies; the same two rules hold for a cell of a cluster and for the Cell kind. */
const locationRules = {
  'zoneId and region exclude each other: give only one of them':
    '!(has(self.zoneId) && has(self.region))',
  'a cell needs a place: add zoneId or region': 'has(self.zoneId) || has(self.region)',
};

export const cellConfig = ruled(
  struct('CellConfig', 'One cell: a zone or region with gateways and poolers of its own.', {
    name: required(cellName, 'Name of the cell.'),
    zoneId: optional(zoneId, 'Zone of the cell: pods run on Nodes labelled with this zone.'),
    region: optional(
      region,
      'Region of the cell: pods run on Nodes with this value of topology.kubernetes.io/region.',
    ),
    cellTemplate: optional(templateRef, 'CellTemplate to take settings from.'),
    overrides: optional(
      inline({
        multigateway: optional(gateway, 'Gateway settings that win over the template.'),
        multigatewayPlacement: optional(placement, 'Where the gateway pods may run.'),
      }),
      'Settings that win over those of the template.',
    ),
    spec: optional(
      inline({
        multigateway: optional(gateway, 'The gateway pods.'),
        multigatewayPlacement: optional(placement, 'Where the gateway pods may run.'),
        localTopoServer: optional(localTopoInList, 'A topology server for this cell alone.'),
      }),
      'Settings written out here instead of taken from a template.',
    ),
  }),
  {
    ...specExcludes('cellTemplate'),
    ...locationRules,
  },
);

export const cellConfigs = ruledInChange(
  list(cellConfig, { listType: 'map', key: 'name', maxItems: 50 }),
  {
    'a cell cannot be removed or renamed, as data and topology records live there: put it back':
      'oldSelf.all(o, self.exists(c, c.name == o.name))',
  },
);

const spec = ruled(
  struct('CellSpec', 'What a cell shall be.', {
    name: required(cellName, 'Name of the cell.'),
    zoneId: optional(zoneId, 'Zone of the cell.'),
    region: optional(region, 'Region of the cell.'),
    images: required(
      inline({ ...imagePull.fields, multigateway: required(imageRef, 'Image of multigateway.') }),
      'Images.',
    ),
    multigateway: required(gateway, 'The gateway pods.'),
    multigatewayPlacement: optional(placement, 'Where the gateway pods may run.'),
    globalTopoServer: required(topoRef, 'The global topology server.'),
    topoServer: optional(localTopo, 'A topology server for this cell alone.'),
    allCells: optional(cellNames, 'All cells of the cluster.'),
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
  }),
  locationRules,
);

const status = struct('CellStatus', 'State of a cell.', {
  ...commonStatus,
  gatewayReplicas: required(int32(), 'Gateway pods.'),
  gatewayReadyReplicas: required(int32(), 'Gateway pods that are ready.'),
  gatewayServiceName: optional(string({ maxLength: 253 }), 'Service of the gateway pods.'),
});

export const cell = {
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
} satisfies Kind;
