import type { CellConfig } from '../../../schemas/types.ts';
import { clusterOf, pointer } from '../locate.ts';
import { knownPlaces, labelsFor, nodesOf } from '../nodes.ts';
import type { Finding, Policy, World } from '../policy.ts';
import { nearest, oneOf } from '../spelling.ts';

export const zonesExist: Policy = {
  id: 'zones-exist',
  code: 'MG008',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary: 'At least one Node carries the zone or region of each cell.',
  description: `The pods of a cell run only on Nodes of its zone: \`zoneId\` is looked up in the label
\`topology.k8s.aws/zone-id\` and then in \`topology.kubernetes.io/zone\`, \`region\` in
\`topology.kubernetes.io/region\`. If no Node matches, the pods stay Pending. It is a warning only,
because an autoscaler may bring such Nodes when they are asked for.`,
  good: `spec:
  cells:
    - name: zone-a
      zoneId: use1-az1 # kubectl get nodes -L topology.k8s.aws/zone-id shows it`,
  bad: `spec:
  cells:
    - name: zone-a
      zoneId: us-east-1a # the Nodes carry use1-az1`,
  check(ctx) {
    if (!ctx.world.nodes) return [];
    const cells = clusterOf(ctx).spec?.cells ?? [];
    return cells.flatMap((cell, index) => judge(ctx.world, cell, index));
  },
};

function judge(world: World, cell: CellConfig, index: number): Finding[] {
  const wanted = cell.zoneId ?? cell.region;
  if (wanted === undefined || nodesOf(world, cell).length > 0) return [];
  const field = cell.zoneId === undefined ? 'region' : 'zoneId';
  const known = knownPlaces(world, cell);
  const near = nearest(wanted, known);
  const label = labelsFor(world, cell)[0];
  return [
    {
      path: pointer('spec', 'cells', index, field),
      value: wanted,
      message: `no Node carries this ${field === 'region' ? 'region' : 'zone'}, so the pods of cell ${cell.name} would stay Pending`,
      allowed:
        known.length > 0 ? oneOf(known) : `a value of the Node label ${label}; no Node has one`,
      fix: near
        ? `write ${near}`
        : `correct it, or label Nodes: kubectl label node <name> ${label}=${wanted}`,
    },
  ];
}
