/** What is wrong with a shard's standbys and its cohort while its leader is well. */
import {
  leaderNeedsReplacement,
  silentFor,
  type Action,
  type AnalyseOptions,
  type Finding,
} from './finding.ts';
import type { PoolerView, Problem, Rule, ShardView } from './model.ts';
import { compareRules, describeShard, findPooler, sameId } from './model.ts';
import { electable, satisfied, without } from './quorum.ts';

/** Standbys that do not follow the leader, and streaming ones outside the cohort. */
export function followers(
  view: ShardView,
  rule: Rule,
  now: number,
  options: AnalyseOptions,
): Finding[] {
  const leader = findPooler(view, rule.leader);
  const leaderServes = leader?.connected === true && leader.health?.postgres === 'PRIMARY';
  return view.poolers
    .filter((p) => !sameId(p.id, rule.leader) && p.connected && silentFor(p, now) < options.staleMs)
    .filter((p) => p.lifecycle !== 'SHUTDOWN' && p.lifecycle !== 'STOPPING')
    .flatMap((p) => follower(p, rule, leaderServes ? leader : undefined));
}

function follower(pooler: PoolerView, rule: Rule, leader: PoolerView | undefined): Finding[] {
  const health = pooler.health;
  if (health === undefined || !health.initialized) return [];
  const replicate: { action?: Action } =
    leader !== undefined && health.ready && health.eligible
      ? { action: { kind: 'replicate', pooler: pooler.id, rule } }
      : {};
  const name = pooler.id.name;
  if (health.postgres === 'PRIMARY' || health.postgres === 'PROMOTING') {
    if (health.rule === undefined || health.rule.cohort.length === 0) return [];
    return [
      {
        problem: poolerProblem(
          'StaleLeader',
          pooler,
          `Pooler ${name} is a primary of an older rule`,
          500,
        ),
        ...replicate,
      },
    ];
  }
  if (!health.streaming)
    return [
      {
        problem: poolerProblem(
          'ReplicaNotReplicating',
          pooler,
          `Replica ${name} has no replication configured`,
          500,
        ),
        ...replicate,
      },
    ];
  if (leader === undefined) return [];
  if (health.upstream !== leader.hostname) {
    return [
      {
        problem: poolerProblem(
          'ReplicaWrongPrimary',
          pooler,
          `Replica ${name} replicates from ${health.upstream}, not from the leader`,
          500,
        ),
        ...replicate,
      },
    ];
  }
  const known = health.target?.leader !== undefined && compareRules(health.target.rule, rule) >= 0;
  if (!rule.cohort.some((id) => sameId(id, pooler.id))) {
    if (!health.eligible || pooler.lifecycle === 'QUARANTINED') return [];
    const problem = poolerProblem(
      'PoolerNotInCohort',
      pooler,
      `Pooler ${name} is not in the cohort`,
      100,
    );
    return [{ problem, action: { kind: 'cohort', operation: 'ADD', pooler: pooler.id, rule } }];
  }
  return known ? [] : [replicate];
}

const poolerProblem = (
  code: string,
  pooler: PoolerView,
  description: string,
  priority: 500 | 100,
): Problem => ({
  code,
  checkName: code,
  pooler: pooler.id,
  description,
  priority,
  scope: 'Pooler',
});

/** Members that should leave: tombstoned ones without a safety test, others only if an election stays possible. */
export function cohortMembers(view: ShardView, rule: Rule, options: AnalyseOptions): Finding[] {
  return without(rule.cohort, rule.leader).flatMap((id) => {
    const pooler = findPooler(view, id);
    const rest = without(rule.cohort, id);
    const tombstoned = pooler?.lifecycle === 'SHUTDOWN';
    const ineligible =
      pooler === undefined ||
      pooler.lifecycle === 'QUARANTINED' ||
      (pooler.connected && pooler.health?.eligible === false);
    if (!tombstoned && !ineligible) return [];
    if (
      tombstoned
        ? !satisfied(rule.policy, rest)
        : !electable(rule.policy, rest, without(rest, rule.leader))
    )
      return [];
    const problem: Problem = {
      code: 'CohortMemberIneligible',
      checkName: 'CohortMemberIneligible',
      pooler: id,
      description: `Cohort member ${id.name} is not eligible`,
      priority: 100,
      scope: 'Pooler',
    };
    const act = tombstoned || options.removeIneligible;
    return [
      act
        ? { problem, action: { kind: 'cohort', operation: 'REMOVE', pooler: id, rule } }
        : { problem },
    ];
  });
}

/** The shard works, but could not elect if its leader were lost now, although the full cohort could. */
export function atRisk(
  view: ShardView,
  rule: Rule,
  now: number,
  options: AnalyseOptions,
): Finding[] {
  const others = without(rule.cohort, rule.leader);
  const reachable = others.filter((id) => {
    const pooler = findPooler(view, id);
    if (pooler === undefined || pooler.lifecycle === 'SHUTDOWN') return false;
    return silentFor(pooler, now) < options.staleMs && pooler.health?.eligible !== false;
  });
  if (
    !electable(rule.policy, rule.cohort, others) ||
    electable(rule.policy, rule.cohort, reachable)
  )
    return [];
  const description = `Shard ${describeShard(view.key)} could not recover if its leader were lost: cohort members are unreachable`;
  return [{ problem: leaderNeedsReplacement('ShardAtRisk', rule, description, 100) }];
}
