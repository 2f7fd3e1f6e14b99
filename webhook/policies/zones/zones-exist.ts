import type { CellConfig } from '../../../schemas/types.ts';
import { pointer, type Segment } from '../locate.ts';
import { knownPlaces, labelsFor, nodesOf, placeText } from '../nodes.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { nearest } from '../../../schemas/spelling.ts';
import { oneOf } from '../words.ts';
import { findNew } from '../stored.ts';

export const zonesExist: Policy = {
  id: 'zones-exist',
  code: 'MG008',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'At least one Node carries the zone or region of each cell.',
  description: `The pods of a cell run only on Nodes of its zone: \`zoneId\` is looked up in the label
\`topology.k8s.aws/zone-id\` and in \`topology.kubernetes.io/zone\` (chart value \`zoneLabels\`), \`region\` in
\`topology.kubernetes.io/region\`. If no Node matches, the pods stay Pending. It is a warning only, because
an autoscaler may bring such Nodes when they are asked for; where Nodes come before clusters, the chart
value \`policySettings.strictZones\` makes it a refusal. A cluster that is stored that way may still be edited.`,
  good: `spec:
  cells:
    - name: zone-a
      zoneId: use1-az1 # kubectl get nodes -L topology.k8s.aws/zone-id shows it`,
  bad: `spec:
  cells:
    - name: zone-a
      zoneId: us-east-1a # the Nodes carry use1-az1`,
  check(ctx) {
    const { world } = ctx;
    if (!world.nodes) return [];
    return findNew(ctx, ({ spec }) =>
      (spec?.cells ?? []).flatMap((cell, index, cells) => {
        // Where the other cells are: a proposal to move there would be none.
        const others = cells.filter((_, i) => i !== index).map(placeOf);
        return judge(world, cell, { path: ['spec', 'cells', index], others });
      }),
    );
  },
};

const placeOf = ({ zoneId, region }: CellConfig): string | undefined => zoneId ?? region;

function judge(
  world: World,
  cell: CellConfig,
  { path, others }: { path: Segment[]; others: (string | undefined)[] },
): Finding | [] {
  const wanted = placeOf(cell);
  if (wanted === undefined || nodesOf(world, cell).length > 0) return [];
  const field = cell.zoneId === undefined ? 'region' : 'zoneId';
  const known = knownPlaces(world, cell);
  const free = known.filter((other) => !others.includes(other));
  const near = nearest(wanted, free);
  const label = labelsFor(world, cell)[0];
  const place = placeText(cell);
  return {
    path: pointer(...path, field),
    value: wanted,
    message: `no Node is in ${place}, so the pods of cell ${cell.name} would stay Pending`,
    allowed:
      known.length > 0 ? oneOf(known) : `a value of the Node label ${label}; no Node has one`,
    fix: near
      ? `write ${near}`
      : known.length > 0
        ? `${free.length > 0 ? 'name one of these, or ' : ''}add Nodes in ${place}`
        : `label the Nodes that are there: kubectl label node <name> ${label}=${wanted}`,
    ...(world.settings?.strictZones ? { mode: 'deny' } : {}),
    brief: `cell ${cell.name}: no Node is in ${place}, so its pods stay Pending; ${near ? `write ${near}` : 'add or label Nodes'}`,
  };
}
