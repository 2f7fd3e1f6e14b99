import { membershipOf } from '../../../schemas/durability.ts';
import { shardsOf, type ShardView } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import { inForce, type InForce } from '../running.ts';
import { count } from '../words.ts';

export const writeHeadroom: Policy = {
  id: 'write-headroom',
  code: 'MG029',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'A shard has a pooler more than its durability policy needs for each write.',
  description: `With just as many poolers as must hold each write, nothing may be missing: while one of
them restarts, is moved to another Node or is lost, no write is confirmed and no other leader can be
elected. Nothing is lost, but the database stands still. Three poolers under \`AT_LEAST_2\` go on with
two. What counts is the sum over all pools of the shard; under \`MULTI_CELL_AT_LEAST_2\` only poolers of
other cells than the leader's can confirm a write. A shard that has started is judged by the policy that
it has, which no edit changes.`,
  good: `pools:
  main: { type: readWrite, replicasPerCell: 3 } # one cell`,
  bad: `pools:
  main: { type: readWrite, replicasPerCell: 2 } # one cell`,
  check: (ctx) => shardsOf(ctx).flatMap((view) => judge(view, inForce(view, ctx.world.shards))),
};

function judge(view: ShardView, { policy, durability }: InForce): Finding | [] {
  const { achievable, members, cells, writeTolerance } = durability;
  if (!achievable || writeTolerance > 0) return [];
  const base = { path: view.at('pools') };
  if (members === policy.count) {
    const few = `${view.title}: ${members} poolers, so writes stop while one is away`;
    return {
      ...base,
      message: `shard ${view.title} has ${count(members, 'pooler')}, and ${policy.name} needs ${policy.count} for each write: while one of them is away, even to restart, writes stop`,
      allowed: '3 poolers or more, over all pools of the shard',
      fix: cells === 1 ? 'set replicasPerCell: 3' : 'add a third cell, or raise replicasPerCell',
      brief: `${few}; ${cells === 1 ? 'set replicasPerCell: 3' : 'add a third cell'}`,
    };
  }
  const membership = membershipOf(view.shard.pools);
  const largest = Math.max(...Object.values(membership));
  const crowded = Object.keys(membership).find((cell) => membership[cell] === largest) ?? '';
  return {
    ...base,
    message: `shard ${view.title} has ${members} poolers, ${largest} of them in cell ${crowded}: while the only one of another cell is away, a leader in ${crowded} cannot confirm a write under ${policy.name}`,
    allowed: '2 poolers or more outside of each cell',
    fix: 'add a third cell to the pools, or as many poolers to the other cell',
    brief: `${view.title}: 1 pooler outside ${crowded}: writes stop while it is away; add a third cell`,
  };
}
