import type { MultigresCluster } from '../../../schemas/types.ts';
import { removals, type Removal } from '../changes.ts';
import {
  blocksThatDelete,
  cellTopoClaims,
  claimsAt,
  countAndSize,
  goingWith,
  isData,
} from '../claims.ts';
import { knownLive, type LiveState } from '../live.ts';
import { pointer, type ShardView } from '../locate.ts';
import { CLUSTER_UPDATES, type Finding, type Policy, type PolicyContext } from '../policy.ts';
import { listed } from '../words.ts';
import { oldTemplatesOf } from '../world.ts';

export const dataStays: Policy = {
  id: 'data-stays',
  code: 'MG042',
  ...CLUSTER_UPDATES,
  mode: 'deny',
  summary: 'A cell, table group or database that holds data is not removed by leaving it out.',
  description: `A manifest that lost a few lines must not cost data. Whether something holds data is read
from its volumes. A table group or database may go once its volumes are to be kept: set
\`pvcDeletionPolicy.whenDeleted: Retain\` for it, where it says otherwise also for its shards and pools, apply,
then remove it; added again under the same name it finds its volumes. A cell with volumes stays: its poolers are members of the quorum. (Pools, and
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
    return removals(transition).flatMap((removal) =>
      removal.view ? ofShard(ctx, removal, removal.view, live) : ofCell(ctx.name, removal, live),
    );
  },
};

function ofCell(
  cluster: string,
  { path, title, name }: Removal,
  { claims }: LiveState,
): Finding | [] {
  const held = [
    ...claimsAt(claims, { cell: name }).filter(isData),
    ...cellTopoClaims(claims, cluster, name),
  ];
  if (held.length === 0) return [];
  return {
    path,
    message: `${title} is left out and holds ${countAndSize(held)}, whose poolers are members of the quorum`,
    allowed: 'the cells that hold data, and more',
    fix: `write cell ${name} into spec.cells again`,
  };
}

function ofShard(
  ctx: PolicyContext,
  { path, title }: Removal,
  view: ShardView,
  live: LiveState,
): Finding | [] {
  const going = goingWith(view, live.claims);
  if (going.length === 0) return [];
  const templates = oldTemplatesOf(ctx.world);
  // What holds for the whole cluster need not change for one table group.
  const blocks = blocksThatDelete(ctx.old as MultigresCluster, view, { going, templates }).map(
    (block) => (block === WHOLE ? pointer(...view.path.slice(0, 5), 'pvcDeletionPolicy') : block),
  );
  return {
    path,
    message: `${title} is left out, and its ${countAndSize(going)} would be deleted (whenDeleted: Delete)`,
    allowed: 'leaving out what has no volumes, or whose volumes are kept (whenDeleted: Retain)',
    fix: `write it again; if it shall go, first apply whenDeleted: Retain in ${listed(blocks, 'and')}, then remove it`,
  };
}

const WHOLE = pointer('spec', 'pvcDeletionPolicy');
