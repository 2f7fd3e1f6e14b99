import { durabilityOf, membershipOf, policyOrDefault } from '../../../schemas/durability.ts';
import { locateInShard, shardViews } from '../locate.ts';
import type { Policy } from '../policy.ts';
import { clusterOf } from '../locate.ts';

export const survivesZoneLoss: Policy = {
  id: 'survives-zone-loss',
  code: 'MG007',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary:
    'More poolers per cell under AT_LEAST_2 do not cost the ability to survive the loss of a cell.',
  description: `Under \`AT_LEAST_2\` any two poolers can confirm a write. When a cell with two poolers
is lost, those two might hold writes that nobody else has, so the others may not elect a leader until
one of them is back. Going from one to two poolers per cell thus lowers availability.
\`MULTI_CELL_AT_LEAST_2\` does not have this problem when the poolers are spread over three cells.`,
  good: `spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2 # three cells, two poolers in each`,
  bad: `spec:
  durabilityPolicy: AT_LEAST_2 # three cells, two poolers in each`,
  check(ctx) {
    const resolved = ctx.resolved();
    if (!resolved) return [];
    const cluster = clusterOf(ctx);
    return shardViews(cluster, resolved).flatMap((view) => {
      const policy = policyOrDefault(view.durabilityPolicy);
      const membership = membershipOf(view.shard.pools);
      const { survivesLossOf, cells } = durabilityOf(policy, membership);
      if (policy.scope !== 'any' || cells < 3) return [];
      const lost = Object.keys(survivesLossOf).filter((cell) => !survivesLossOf[cell]);
      if (lost.length === 0) return [];
      return [
        {
          path: locateInShard(cluster, view, 'pools'),
          message: `shard ${view.title} has no leader after the loss of cell ${lost.join(' or ')}`,
          allowed: 'one pooler per cell under AT_LEAST_2, any number under MULTI_CELL_AT_LEAST_2',
          fix: 'use durabilityPolicy MULTI_CELL_AT_LEAST_2, or one pooler per cell',
        },
      ];
    });
  },
};
