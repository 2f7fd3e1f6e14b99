/**
 * Quorum arithmetic of the runtime's durability policies. Pure; checked against a brute-force model
 * in test/unit/durability.test.ts. The rules are the runtime's:
 * - a write is durable when the leader and enough other members of the cohort hold it;
 * - a leader may be elected when a strict majority of the outgoing cohort is recruited AND the
 *   members that were not recruited could not satisfy the policy among themselves.
 */

export interface Policy {
  name: string;
  /** `any`: any members count. `multi-cell`: only members of other cells than the leader's count. */
  scope: 'any' | 'multi-cell';
  /** Members, the leader included, that must hold a write. */
  count: 2;
  /** QuorumType in the Database record of the topology. */
  quorumType: 3 | 4;
}

export const POLICIES = {
  AT_LEAST_2: { name: 'AT_LEAST_2', scope: 'any', count: 2, quorumType: 3 },
  MULTI_CELL_AT_LEAST_2: {
    name: 'MULTI_CELL_AT_LEAST_2',
    scope: 'multi-cell',
    count: 2,
    quorumType: 4,
  },
} as const satisfies Record<string, Policy>;

export type PolicyName = keyof typeof POLICIES;
export const DEFAULT_POLICY: PolicyName = 'AT_LEAST_2';

/** The policy of that exact name; undefined for any other text. */
export const parsePolicy = (name: string): Policy | undefined =>
  Object.hasOwn(POLICIES, name) ? POLICIES[name as PolicyName] : undefined;

/** As `parsePolicy`, with AT_LEAST_2 for unknown names: what upstream's operator does with them. */
export const policyOrDefault = (name: string): Policy =>
  parsePolicy(name) ?? POLICIES[DEFAULT_POLICY];

/**
 * The policy of a Shard. One that has started keeps that of its first rule, whatever its spec says
 * since: the runtime has no call that changes it.
 */
export const policyInForce = (shard: {
  spec?: { durabilityPolicy?: string };
  status?: { durabilityPolicy?: string };
}): Policy =>
  policyOrDefault(shard.status?.durabilityPolicy ?? shard.spec?.durabilityPolicy ?? DEFAULT_POLICY);

/** Reasons of Available that a shard can have only after it had a primary. */
const AFTER_SERVING = new Set(['NoPrimary', 'TopologyUnreachable']);

/**
 * Whether a Shard has had a primary since it exists, by its status: it has data, a cohort, and the policy of
 * its first rule. The one answer for admission, controller and command line.
 */
export const hasStarted = ({ status }: { status?: StartedStatus }): boolean => {
  const { durabilityPolicy, lastBackupTime, podRoles = {}, conditions = [] } = status ?? {};
  const available = conditions.find(({ type }) => type === 'Available');
  return (
    durabilityPolicy !== undefined ||
    lastBackupTime !== undefined ||
    Object.values(podRoles).includes('PRIMARY') ||
    available?.status === 'True' ||
    (available !== undefined && AFTER_SERVING.has(available.reason))
  );
};

interface StartedStatus {
  durabilityPolicy?: string;
  lastBackupTime?: string;
  podRoles?: Readonly<Record<string, string>>;
  conditions?: readonly { type: string; status: string; reason: string }[];
}

/** One pooler. `id` is unique within the shard. */
export interface Member {
  id: string;
  cell: string;
}

/** Number of members per cell. */
export type Membership = Readonly<Record<string, number>>;

export const countByCell = (members: readonly Member[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { cell } of members) counts[cell] = (counts[cell] ?? 0) + 1;
  return counts;
};

/** Members per cell of a shard's pools: the cohort is the shard's, whatever the pools. */
export const membershipOf = (
  pools: Readonly<Record<string, { cells?: readonly string[]; replicasPerCell?: number }>>,
): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const pool of Object.values(pools)) {
    for (const cell of pool.cells ?? []) {
      counts[cell] = (counts[cell] ?? 0) + (pool.replicasPerCell ?? 1);
    }
  }
  return counts;
};

/** Orchestrators per cell. */
export const orchestratorsOf = (multiorch: {
  cells: readonly string[];
  replicas: number;
}): Record<string, number> =>
  Object.fromEntries(multiorch.cells.map((cell) => [cell, multiorch.replicas]));

/** The fewest that are more than half: what an election, and etcd, need of so many members. */
export const majorityOf = (members: number): number => Math.floor(members / 2) + 1;

/**
 * Members of each cell that has any, without the names: all that the rules look at. Arithmetic on
 * these lists instead of on objects by name takes a tenth of the time, and each review does a lot.
 */
type Shape = readonly number[];

const shapeOf = (membership: Membership): Shape =>
  Object.values(membership).filter((count) => count > 0);

const total = (shape: Shape): number => {
  let sum = 0;
  for (const count of shape) sum += count;
  return sum;
};

/** Can members of this shape, whoever of them leads, hold a write as the policy asks? */
const holds = (policy: Policy, shape: Shape): boolean =>
  (policy.scope === 'any' ? total(shape) : shape.length) >= policy.count;

/** Can these members, whoever of them leads, hold a write as the policy asks? */
export const satisfies = (policy: Policy, membership: Membership): boolean =>
  holds(policy, shapeOf(membership));

const idsOf = (members: readonly Member[]): Set<string> => new Set(members.map(({ id }) => id));

/** May the members `recruited` of the outgoing `cohort` elect a leader? Others are ignored. */
export const canElect = (
  policy: Policy,
  cohort: readonly Member[],
  recruited: readonly Member[],
): boolean => {
  const ids = idsOf(recruited);
  const rest = cohort.filter(({ id }) => !ids.has(id));
  const majority = cohort.length - rest.length >= majorityOf(cohort.length);
  return majority && !satisfies(policy, countByCell(rest));
};

/** The shape after `count` members of the cell at `index` went away. */
const without = (shape: Shape, index: number, count: number): Shape => {
  const rest = [...shape];
  const left = (rest[index] ?? 0) - count;
  rest.splice(index, 1, ...(left > 0 ? [left] : []));
  return rest;
};

/**
 * Largest number of members, whoever they are, that may be missing while the others may still elect
 * a leader. The leader that they elect may be unable to write: see `failoverTolerance` for that.
 */
export const electionTolerance = (policy: Policy, membership: Membership): number => {
  const shape = shapeOf(membership);
  const size = total(shape);
  const minority = Math.max(size - majorityOf(size), 0);
  // As many missing members as the policy asks for could satisfy it, wherever the policy lets them.
  const couldConfirm =
    policy.scope === 'any' || shape.length >= policy.count ? policy.count : Infinity;
  return Math.min(minority, couldConfirm - 1);
};

/** What the loss of all members of one cell does. */
export interface CellLoss {
  cell: string;
  /** Members in the cell. */
  lost: number;
  /**
   * `none`: the rest elects a leader that writes.
   * `lost-could-confirm`: no election, since the lost members alone satisfy the policy and may hold
   * confirmed writes that nobody else has.
   * `no-majority`: no election, since too few are left.
   * `rest-too-few`: the rest cannot satisfy the policy, so a leader could not write.
   * `no-orchestrator`: the rest could, but no multiorch is left that would appoint a leader.
   */
  harm: 'none' | 'lost-could-confirm' | 'no-majority' | 'rest-too-few' | 'no-orchestrator';
}

/**
 * One entry per cell with members, in the order of the cells, and one for a cell without any that
 * holds all `orchestrators`. Where those are not given, only the members count.
 */
export const cellLosses = (
  policy: Policy,
  membership: Membership,
  orchestrators?: Membership,
): CellLoss[] => {
  const shape = shapeOf(membership);
  const elected = (cell: string): boolean =>
    orchestrators === undefined ||
    Object.entries(orchestrators).some(([other, count]) => other !== cell && count > 0);
  const losses = Object.keys(membership)
    .filter((cell) => (membership[cell] ?? 0) > 0)
    .map((cell, index): CellLoss => {
      const lost = shape[index] ?? 0;
      const harm = harmOf(policy, shape, index, lost);
      return { cell, lost, harm: harm === 'none' && !elected(cell) ? 'no-orchestrator' : harm };
    });
  const apart = Object.keys(orchestrators ?? {}).filter(
    (cell) => (orchestrators?.[cell] ?? 0) > 0 && !membership[cell] && !elected(cell),
  );
  return [...losses, ...apart.map((cell) => ({ cell, lost: 0, harm: 'no-orchestrator' }) as const)];
};

/** What it does to the members when `lost` of one cell are gone for good. */
const harmOf = (
  policy: Policy,
  shape: Shape,
  index: number,
  lost: number,
): Exclude<CellLoss['harm'], 'no-orchestrator'> => {
  if (holds(policy, [lost])) return 'lost-could-confirm';
  const size = total(shape);
  if (size - lost < majorityOf(size)) return 'no-majority';
  return holds(policy, without(shape, index, lost)) ? 'none' : 'rest-too-few';
};

/** Largest number of members, the leader among them, of which any may be lost at once. */
const failoverTolerance = (policy: Policy, shape: Shape): number => {
  const size = total(shape);
  if (policy.scope === 'any') {
    const most = Math.min(size - majorityOf(size), policy.count - 1, size - policy.count);
    return Math.max(most, 0);
  }
  // Two lost members may lie in two cells and then satisfy the policy: never more than one.
  const survivesAny = shape.every((_, index) => harmOf(policy, shape, index, 1) === 'none');
  return survivesAny && size > 0 ? 1 : 0;
};

/** Largest number of standbys of which any may be lost at once while the leader goes on writing. */
const writeTolerance = (policy: Policy, shape: Shape): number => {
  const size = total(shape);
  if (policy.scope === 'any') return Math.max(size - policy.count, 0);
  return Math.max(size - Math.max(...shape) - (policy.count - 1), 0);
};

export interface Durability {
  members: number;
  cells: number;
  /** The policy can be met at all. Where false, a new shard never gets a leader. */
  achievable: boolean;
  /** Standbys (any) that may be lost at once while the leader goes on writing. */
  writeTolerance: number;
  /** Members (any, the leader too) that may be lost at once; the rest elect a leader that writes. */
  failoverTolerance: number;
  /** Per cell with members: does the shard write again after losing the whole cell, leader and all? */
  survivesLossOf: Record<string, boolean>;
  /** True if that holds for each cell. Always false with one cell. */
  survivesCellLoss: boolean;
}

/** What a full cohort of this shape tolerates. */
export const durabilityOf = (policy: Policy, membership: Membership): Durability => {
  const shape = shapeOf(membership);
  const achievable = holds(policy, shape);
  const losses = cellLosses(policy, membership);
  return {
    members: total(shape),
    cells: shape.length,
    achievable,
    writeTolerance: achievable ? writeTolerance(policy, shape) : 0,
    failoverTolerance: achievable ? failoverTolerance(policy, shape) : 0,
    survivesLossOf: Object.fromEntries(losses.map(({ cell, harm }) => [cell, harm === 'none'])),
    survivesCellLoss: shape.length > 1 && losses.every(({ harm }) => harm === 'none'),
  };
};

/**
 * How many of a shard's poolers, the primary among them, its PodDisruptionBudgets keep: evictions may go on as
 * long as whoever is evicted, the rest can elect and write.
 *
 * Exceptions, because a budget without any allowed disruption makes node drains hang for ever:
 * with three and more members one eviction is always allowed, and with two members one as well,
 * although writes then wait until the evicted pooler is back (nothing is lost: its volume stays).
 * A single member: 0, a budget cannot protect it.
 */
export const minAvailable = (policy: Policy, members: readonly Member[]): number => {
  const { failoverTolerance: safe } = durabilityOf(policy, countByCell(members));
  return Math.max(members.length - Math.max(safe, 1), 0);
};

/**
 * How one member may leave for good.
 * `cohort-first`: take it out of the cohort while it lives, then delete the pod.
 * `delete`: the runtime refuses to shrink the cohort because the rest could not survive its
 * leader's loss; delete the pod gracefully, its SHUTDOWN record removes it.
 * `refuse`: the rest could not meet the policy, so writes would stop.
 */
type Removal = 'cohort-first' | 'delete' | 'refuse';

export const removalOf = (policy: Policy, members: readonly Member[], victim: string): Removal => {
  const rest = countByCell(members.filter(({ id }) => id !== victim));
  if (!satisfies(policy, rest)) return 'refuse';
  return durabilityOf(policy, rest).failoverTolerance >= 1 ? 'cohort-first' : 'delete';
};
