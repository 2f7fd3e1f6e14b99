import { policyOrDefault } from '../../../schemas/durability.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { locateInShard, shardViews, type ShardView } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';
import { findNew } from '../stored.ts';
import { count } from '../words.ts';

export const durabilityCanBeMet: Policy = {
  id: 'durability-can-be-met',
  code: 'MG006',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary:
    'Each shard has the poolers, or the cells with poolers, that its durability policy needs.',
  description: `A write is confirmed when as many poolers hold it as the policy asks for. A shard
with fewer never elects a leader: it would take volumes and memory and answer no query.
\`AT_LEAST_2\` needs two poolers in the shard, \`MULTI_CELL_AT_LEAST_2\` poolers in two cells; what
counts is the sum over all pools of the shard. For a shard that also survives the loss of a pooler
have three. An object that is stored that way already may still be edited, with a warning.`,
  good: `spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2
  cells:
    - { name: zone-a, zoneId: use1-az1 }
    - { name: zone-b, zoneId: use1-az2 }`,
  bad: `spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2
  cells:
    - { name: zone-a, zoneId: use1-az1 } # one cell only`,
  check: (ctx) =>
    findNew(ctx, (cluster, resolved) =>
      shardViews(cluster, resolved).flatMap((view) => judge(cluster, view)),
    ),
};

function judge(cluster: MultigresCluster, view: ShardView): Finding[] {
  const policy = policyOrDefault(view.durabilityPolicy);
  const { achievable, members, cells } = view.durability();
  // No cell at all is the business of cells-present.
  if (achievable || members === 0) return [];
  const byCell = policy.scope === 'multi-cell';
  const has = byCell ? count(cells, 'cell') : count(members, 'pooler');
  const hasCells = (cluster.spec?.cells ?? []).length >= policy.count;
  const needs = `${policy.count} ${byCell ? 'cells with poolers' : 'poolers'}`;
  return [
    {
      path: byCell && !hasCells ? '/spec/cells' : locateInShard(cluster, view, 'pools'),
      message: `shard ${view.title} has ${has}, and ${policy.name} needs ${needs}: it would never have a leader`,
      allowed: `at least ${needs}, over all pools of the shard`,
      fix: byCell
        ? `${hasCells ? 'write a second cell into the cells of a pool' : 'add a cell, also to the cells of a pool that lists them'}, or use durabilityPolicy AT_LEAST_2`
        : 'raise replicasPerCell to 2 (to 3 if the loss of a pooler must be survived), or add cells',
    },
  ];
}
