import {
  cellLosses,
  durabilityOf,
  electionTolerance,
  majorityOf,
  membershipOf,
  POLICIES,
  type CellLoss,
  type Membership,
  type Policy as Durability,
} from '../../../schemas/durability.ts';
import { shardsOf, type ShardView } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import { inForce, type InForce } from '../running.ts';
import { listed } from '../words.ts';

export const survivesZoneLoss: Policy = {
  id: 'survives-zone-loss',
  code: 'MG007',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'A shard with poolers in several cells survives the loss of any one of them.',
  description: `A leader is elected when a majority of the poolers takes part and those that do not
could not have confirmed a write among themselves. Under \`AT_LEAST_2\` any two poolers can confirm one,
so an election tolerates one missing pooler, however many there are: with two poolers in each of three
cells, the loss of a cell stops the shard until one of its poolers is back. Going from one to two
poolers per cell thus lowers availability. Under \`MULTI_CELL_AT_LEAST_2\` the poolers of one cell cannot
confirm a write among themselves, so three evenly filled cells survive the loss of one. Two cells never
do: a cell that must not be lost is one that holds half of the poolers. A running shard keeps the policy
of its first start, so the choice is made when it is created, and a shard that has started is judged by
the policy that it has. Nor is anybody elected without multiorch, so that has to run in two cells as
well; by itself it runs in all.`,
  good: `spec:
  durabilityPolicy: MULTI_CELL_AT_LEAST_2 # three cells, two poolers in each`,
  bad: `spec:
  durabilityPolicy: AT_LEAST_2 # three cells, two poolers in each`,
  check(ctx) {
    return shardsOf(ctx).flatMap((view) => {
      const live = inForce(view, ctx.world.shards);
      const { achievable, members, cells, survivesCellLoss } = live.durability;
      // A shard of two stops with either pooler: that is write-headroom's to say.
      if (!achievable || cells < 2 || members < 3) return [];
      return [survivesCellLoss ? [] : tooManyAtOnce(view, live), nobodyElects(view, live)].flat();
    });
  },
};

function tooManyAtOnce(view: ShardView, live: InForce): Finding {
  const { policy } = live;
  const membership = membershipOf(view.shard.pools);
  const fatal = cellLosses(policy, membership).filter(({ harm }) => harm !== 'none');
  // The spec may say otherwise by now.
  const kept =
    policy.name === view.durabilityPolicy
      ? ''
      : ` under ${policy.name}, which it has started with and keeps`;
  const { brief, ...ways } = remedy(live, membership);
  return {
    path: view.at('pools'),
    message: `shard ${view.title} does not survive the loss of every cell${kept}: ${reasons(policy, membership, fatal)}`,
    ...ways,
    // Longer than other warnings: the numbers are what convinces.
    brief: `${view.title}: ${reasons(policy, membership, fatal)}; ${brief}`,
  };
}

/** All orchestrators in one cell, whose poolers alone the shard could do without. */
function nobodyElects(view: ShardView, { durability }: InForce): Finding | [] {
  const { cells, replicas } = view.shard.multiorch;
  const [cell] = cells;
  // None at all is the business of durability-can-be-met.
  if (cell === undefined || replicas === 0 || cells.some((other) => other !== cell)) return [];
  if (durability.survivesLossOf[cell] === false) return [];
  return {
    path: view.at('multiorch', 'cells'),
    value: cells,
    message: `multiorch of ${view.title} runs in cell ${cell} only: without that cell nobody elects a leader, although the poolers that are left could have one`,
    allowed: 'multiorch in 2 cells or more',
    fix: 'add cells to multiorch.cells, or leave it out: then it runs in each cell',
    brief: `${view.title}: multiorch is in ${cell} only, without it no election; add a cell`,
  };
}

/** Cells whose loss does the same are told of once. */
function alike(fatal: readonly CellLoss[]): CellLoss[][] {
  return [...Map.groupBy(fatal, ({ lost, harm }) => `${lost} ${harm}`).values()];
}

const sizeOf = (membership: Membership): number =>
  Object.values(membership).reduce((sum, n) => sum + n, 0);

function reasons(policy: Durability, membership: Membership, fatal: readonly CellLoss[]): string {
  const size = sizeOf(membership);
  const texts = alike(fatal).flatMap((group) => {
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
      case 'no-orchestrator':
      case 'none':
        return [];
    }
  });
  return texts.join('; ');
}

type Remedy = Pick<Finding, 'allowed' | 'fix'> & { brief: string };

/** Of two cells, one holds at least half of the poolers. */
function thirdCell({ policy, started }: InForce): Remedy {
  const why = 'of 2 cells there is always one that must not be lost';
  const byCell = POLICIES.MULTI_CELL_AT_LEAST_2.name;
  if (policy.scope === 'multi-cell') {
    return {
      allowed: '3 cells or more with as many poolers in each',
      fix: `add a third cell with as many poolers; ${why}`,
      brief: 'add a third cell',
    };
  }
  return {
    allowed: `3 cells or more with 1 pooler in each${started ? '' : `, or with as many in each under ${byCell}`}`,
    fix: `add a third cell, and ${started ? 'go down to' : `use durabilityPolicy ${byCell} or`} 1 pooler per cell; ${why}`,
    brief: 'have 3 cells, 1 pooler in each',
  };
}

/** Only what the arithmetic says would help; a shard that has started keeps its policy. */
function remedy(live: InForce, membership: Membership): Remedy {
  const { policy, started } = live;
  const onePerCell = Object.fromEntries(Object.keys(membership).map((cell) => [cell, 1]));
  const byCell = POLICIES.MULTI_CELL_AT_LEAST_2;
  const helps = policy.scope === 'any' && durabilityOf(byCell, membership).survivesCellLoss;
  const other = helps && !started;
  const fewer = durabilityOf(policy, onePerCell).survivesCellLoss ? ['1 pooler per cell'] : [];
  const ways = [...(other ? [`durabilityPolicy ${byCell.name}`] : []), ...fewer];
  if (ways.length === 0) return thirdCell(live);
  return {
    allowed: `${listed(ways, 'or')}: the shard would survive the loss of any one cell`,
    fix:
      helps && started
        ? `go down to ${listed(ways, 'or')}: a shard that has started keeps its durability policy`
        : `use ${listed(ways, 'or')}`,
    brief: other
      ? `${byCell.name} or 1 pooler per cell would survive it`
      : '1 pooler per cell would survive it',
  };
}
