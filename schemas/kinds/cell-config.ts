import { inline, list, optional, required, rule, struct, transition } from './dsl.ts';
import { cellName, region, templateRef, zoneId } from './scalars.ts';
import { localTopoInList } from './topology.ts';
import { gateway, placement } from './workloads.ts';

/** Where a cell lies; the same two rules hold for a cell of a cluster and for the Cell kind. */
export const locationRules = [
  rule(
    '!(has(self.zoneId) && has(self.region))',
    'zoneId and region exclude each other: give only one of them',
  ),
  rule('has(self.zoneId) || has(self.region)', 'a cell needs a place: add zoneId or region'),
];

const cellConfig = struct(
  'CellConfig',
  'One cell: a zone or region with gateways and poolers of its own.',
  {
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
  },
  {
    rules: [
      rule(
        '!(has(self.spec) && has(self.cellTemplate))',
        'spec and cellTemplate exclude each other: use overrides to change what a template says',
      ),
      rule(
        '!(has(self.spec) && has(self.overrides))',
        'spec and overrides exclude each other: move the overrides into spec',
      ),
      ...locationRules,
    ],
  },
);

export const cellConfigs = list(cellConfig, {
  listType: 'map',
  key: 'name',
  maxItems: 50,
  rules: [
    transition(
      'oldSelf.all(o, self.exists(c, c.name == o.name))',
      'a cell cannot be removed or renamed, as data and topology records live there: put it back',
    ),
  ],
});
