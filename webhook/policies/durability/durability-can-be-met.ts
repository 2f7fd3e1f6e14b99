import { policyOrDefault } from '../../../schemas/durability.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { shardViews, type ShardView } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { inForce } from '../running.ts';
import { findNew } from '../stored.ts';
import { count } from '../words.ts';

export const durabilityCanBeMet: Policy = {
  id: 'durability-can-be-met',
  code: 'MG006',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary:
    'Each shard has the poolers, or the cells with poolers, that its durability policy needs, and multiorch.',
  description: `A write is confirmed when as many poolers hold it as the policy asks for. A shard
with fewer never elects a leader: it would take volumes and memory and answer no query.
\`AT_LEAST_2\` needs two poolers in the shard, \`MULTI_CELL_AT_LEAST_2\` poolers in two cells; what
counts is the sum over all pools of the shard. For a shard that also survives the loss of a pooler
have three. Nor is there a leader without multiorch, which elects it: with \`replicas: 0\` a new shard
never gets one, and one that has started keeps the one that it has, until that is lost; so there it is a
warning. An object that is stored that way already may still be edited, with a warning.`,
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
      shardViews(cluster, resolved).flatMap((view) =>
        [judge(cluster, view), nobodyElects(view, ctx.world)].flat(),
      ),
    ),
};

function nobodyElects(view: ShardView, { shards }: World): Finding | [] {
  if (view.shard.multiorch.replicas > 0) return [];
  const finding = {
    path: view.at('multiorch', 'replicas'),
    value: 0,
    allowed: '1 pod of multiorch in each of its cells, or more',
    fix: 'set multiorch.replicas: 1, or leave it out',
  };
  if (inForce(view, shards).started) {
    return {
      ...finding,
      message: `shard ${view.title} has no multiorch: once its leader is lost, nobody elects another one`,
      brief: `${view.title}: no multiorch, so no failover; set multiorch.replicas: 1`,
      mode: 'warn',
    };
  }
  return {
    ...finding,
    message: `shard ${view.title} has no multiorch, which elects the leader: it would never have one`,
    brief: `${view.title}: no multiorch, so no leader; set multiorch.replicas: 1`,
  };
}

function judge(cluster: MultigresCluster, view: ShardView): Finding | [] {
  const policy = policyOrDefault(view.durabilityPolicy);
  const { achievable, members, cells } = view.durability();
  // No cell at all is the business of cells-present.
  if (achievable || members === 0) return [];
  const byCell = policy.scope === 'multi-cell';
  const has = byCell ? count(cells, 'cell') : count(members, 'pooler');
  const hasCells = (cluster.spec?.cells ?? []).length >= policy.count;
  const needs = `${policy.count} ${byCell ? 'cells with poolers' : 'poolers'}`;
  return {
    path: byCell && !hasCells ? '/spec/cells' : view.at('pools'),
    message: `shard ${view.title} has ${has}, and ${policy.name} needs ${needs}: it would never have a leader`,
    allowed: `at least ${needs}, over all pools of the shard`,
    fix: byCell
      ? `${hasCells ? 'write a second cell into the cells of a pool' : 'add a cell, also to the cells of a pool that lists them'}, or use durabilityPolicy AT_LEAST_2`
      : 'raise replicasPerCell to 2 (to 3 if the loss of a pooler must be survived), or add cells',
    brief: `${view.title}: ${has}, ${policy.name} needs ${policy.count}: no leader; ${byCell ? 'add a cell' : 'raise replicasPerCell'}`,
  };
}
