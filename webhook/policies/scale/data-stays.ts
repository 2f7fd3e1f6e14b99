import { removals, type Removal } from '../changes.ts';
import { cellTopoClaims, claimsAt, countAndSize, isData, placeOf } from '../claims.ts';
import { knownLive, type LiveState } from '../live.ts';
import type { Finding, Policy } from '../policy.ts';

export const dataStays: Policy = {
  id: 'data-stays',
  code: 'MG042',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE'],
  mode: 'deny',
  summary: 'A cell, table group or database that holds data is not removed by leaving it out.',
  description: `A manifest that lost a few lines must not cost data. Whether something holds data is read
from its volumes. A table group or database may go once its volumes are to be kept: set
\`pvcDeletionPolicy.whenDeleted: Retain\` for it, apply, then remove it; added again under the same name
it finds its volumes. A cell with volumes stays: its poolers are members of the quorum. (Pools, and
the cells of a pool, are the business of pools-stay.)`,
  good: `tablegroups:
  - { name: default, default: true }
  # orders is gone; before that it had pvcDeletionPolicy: { whenDeleted: Retain }`,
  bad: `tablegroups:
  - { name: default, default: true }
  # orders is gone, and its 3 volumes (30Gi) would be deleted`,
  check(ctx) {
    const [transition, live] = [ctx.transition(), knownLive(ctx)];
    if (!transition || !live) return [];
    return removals(transition).flatMap((removal) => judge(removal, live, ctx.name));
  },
};

function judge(removal: Removal, { claims }: LiveState, cluster: string): Finding[] {
  const { kind, name, title, path, whenDeleted, view } = removal;
  if (kind === 'cell') {
    const held = [
      ...claimsAt(claims, { cell: name }).filter(isData),
      ...cellTopoClaims(claims, cluster, name),
    ];
    if (held.length === 0) return [];
    return [
      {
        path,
        message: `${title} is left out and holds ${countAndSize(held)}, whose poolers are members of the quorum`,
        allowed: 'the cells that hold data, and more',
        fix: `write cell ${name} into spec.cells again`,
      },
    ];
  }
  const held = view ? claimsAt(claims, placeOf(view)) : [];
  if (held.length === 0 || whenDeleted === 'Retain') return [];
  return [
    {
      path,
      message: `${title} is left out, and its ${countAndSize(held)} would be deleted (whenDeleted: Delete)`,
      allowed: 'leaving out what has no volumes, or whose volumes are kept (whenDeleted: Retain)',
      fix: `write it again; if it shall go, first apply pvcDeletionPolicy.whenDeleted: Retain for it, then remove it`,
    },
  ];
}
