import {
  cellLosses,
  durabilityOf,
  electionTolerance,
  majorityOf,
  membershipOf,
  POLICIES,
  policyOrDefault,
  type CellLoss,
  type Membership,
  type Policy as Durability,
} from '../../../schemas/durability.ts';
import { shardKey } from '../../../schemas/resolve/running.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { clusterOf, locateInShard, shardViews, type ShardView } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';
import { hasCohort } from '../running.ts';
import { listed } from '../words.ts';

export const survivesZoneLoss: Policy = {
  id: 'survives-zone-loss',
  code: 'MG007',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary: 'A shard with poolers in several cells survives the loss of any one of them.',
  description: `A leader is elected when a majority of the poolers takes part and those that do not
could not have confirmed a write among themselves. Under \`AT_LEAST_2\` any two poolers can confirm one,
so an election tolerates one missing pooler, however many there are: with two poolers in each of three
cells, the loss of a cell stops the shard until one of its poolers is back. Going from one to two
poolers per cell thus lowers availability. Under \`MULTI_CELL_AT_LEAST_2\` the poolers of one cell cannot
confirm a write among themselves, so three evenly filled cells survive the loss of one. Two cells never
do: a cell that must not be lost is one that holds half of the poolers. A running shard keeps the policy
of its first start, so the choice is made when it is created.`,
  good: `spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2 # three cells, two poolers in each`,
  bad: `spec:
  durabilityPolicy: AT_LEAST_2 # three cells, two poolers in each`,
  check(ctx) {
    const resolved = ctx.resolved();
    if (!resolved) return [];
    const cluster = clusterOf(ctx);
    const shards = ctx.world.shards ?? [];
    return shardViews(cluster, resolved).flatMap((view) => {
      const live = shards.find(
        ({ spec }) =>
          spec && shardKey(spec.databaseName, spec.tableGroupName, spec.shardName) === view.title,
      );
      return judge(cluster, view, live !== undefined && hasCohort(live));
    });
  },
};

function judge(cluster: MultigresCluster, view: ShardView, started: boolean): Finding[] {
  const policy = policyOrDefault(view.durabilityPolicy);
  const { achievable, members, cells, survivesCellLoss } = view.durability();
  // A shard of two stops with either pooler: that is write-headroom's to say.
  if (!achievable || cells < 2 || members < 3 || survivesCellLoss) return [];
  const membership = membershipOf(view.shard.pools);
  const fatal = cellLosses(policy, membership).filter(({ harm }) => harm !== 'none');
  return [
    {
      path: locateInShard(cluster, view, 'pools'),
      message: `shard ${view.title} does not survive the loss of every cell: ${reasons(policy, membership, fatal)}`,
      ...remedy(policy, membership, started),
    },
  ];
}

/** Cells whose loss does the same are told of once. */
function reasons(policy: Durability, membership: Membership, fatal: readonly CellLoss[]): string {
  const size = Object.values(membership).reduce((sum, n) => sum + n, 0);
  const alike = Map.groupBy(fatal, ({ lost, harm }) => `${lost} ${harm}`);
  const texts = [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { lost, harm } = first;
    const all = group.length === Object.keys(membership).length;
    const cells = group.map(({ cell }) => cell);
    const losing = all ? 'losing one cell' : `losing cell ${listed(cells, 'or')}`;
    const removes = `${losing} removes ${lost} of ${size}`;
    switch (harm) {
      case 'lost-could-confirm':
        return `${removes}, and an election tolerates ${electionTolerance(policy, membership)}`;
      case 'no-majority':
        return `${removes}, and an election needs ${majorityOf(size)}`;
      case 'rest-too-few':
        return `${removes}, and the others, all in one cell, cannot confirm a write under ${policy.name}`;
      case 'none':
        return [];
    }
  });
  return texts.join('; ');
}

/** Of two cells, one holds at least half of the poolers. */
function thirdCell(policy: Durability, started: boolean): Pick<Finding, 'allowed' | 'fix'> {
  const why = 'of 2 cells there is always one that must not be lost';
  const byCell = POLICIES.MULTI_CELL_AT_LEAST_2.name;
  if (policy.scope === 'multi-cell') {
    return {
      allowed: '3 cells or more with as many poolers in each',
      fix: `add a third cell with as many poolers; ${why}`,
    };
  }
  return {
    allowed: `3 cells or more with 1 pooler in each${started ? '' : `, or with as many in each under ${byCell}`}`,
    fix: `add a third cell, and ${started ? 'go down to' : `use durabilityPolicy ${byCell} or`} 1 pooler per cell; ${why}`,
  };
}

/** Only what the arithmetic says would help; a shard that has started keeps its policy. */
function remedy(
  policy: Durability,
  membership: Membership,
  started: boolean,
): Pick<Finding, 'allowed' | 'fix'> {
  const cells = Object.keys(membership);
  const byCell = POLICIES.MULTI_CELL_AT_LEAST_2;
  const onePerCell = Object.fromEntries(cells.map((cell) => [cell, 1]));
  const otherPolicy =
    policy.scope === 'any' && durabilityOf(byCell, membership).survivesCellLoss
      ? [`durabilityPolicy ${byCell.name}`]
      : [];
  const fewer = durabilityOf(policy, onePerCell).survivesCellLoss ? ['1 pooler per cell'] : [];
  const ways = [...otherPolicy, ...fewer];
  if (ways.length === 0) return thirdCell(policy, started);
  const kept = started && otherPolicy.length > 0;
  return {
    allowed: `${listed(ways, 'or')}: the shard would survive the loss of any one cell`,
    fix: kept
      ? `${fewer.length > 0 ? `go down to ${fewer.join()}` : 'make the shard anew'}: a shard that has started keeps its durability policy`
      : `use ${listed(ways, 'or')}`,
  };
}
