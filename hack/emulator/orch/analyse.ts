// What is wrong with a shard, and what to do about it: pure functions of the
// view. Codes, check names, priorities and texts are the ones read off live processes.
import type { ComponentId, PoolerView, Problem, Rule, ShardView } from './model.ts';
import { compareRules, currentRule, describeShard, findPooler, sameId } from './model.ts';
import { electable, recruitable, satisfied, without } from './quorum.ts';

/** A step that would cure a problem. */
export type Action =
  | { kind: 'initialize'; members: ComponentId[] }
  | { kind: 'elect'; code: string; rule: Rule }
  | { kind: 'replicate'; pooler: ComponentId; rule: Rule }
  | { kind: 'cohort'; operation: 'ADD' | 'REMOVE'; pooler: ComponentId; rule: Rule };

/** A problem with its cure; some cures have no problem that is listed. */
export interface Finding {
  problem?: Problem;
  action?: Action;
}

export interface AnalyseOptions {
  /** After this long without an answer a pooler counts as lost, in ms. */
  staleMs: number;
  /** After this long without an answer a leader whose postgres hangs counts as unhealthy, in ms. */
  leaderResponseMs: number;
  /** Whether INELIGIBLE members are removed where that is safe, or only listed. */
  removeIneligible: boolean;
}

/** A rule must be this old before "cut off from the leader" is believed, in ms. */
const CUT_OFF_RULE_AGE_MS = 10_000;

const silentFor = (pooler: PoolerView | undefined, now: number): number =>
  pooler === undefined ? Infinity : now - Math.max(pooler.lastSeenMs, pooler.foundMs);

/** Everything that is wrong, most urgent first. */
export function analyse(view: ShardView, now: number, options: AnalyseOptions): Finding[] {
  const rule = currentRule(view);
  if (rule === undefined) return needsInitialization(view, now, options);
  const code = leaderProblem(view, rule, now, options);
  if (code === 'LeaderHealthUnknown')
    return [leaderHealthUnknown(view, rule), ...followers(view, rule, now, options)];
  if (code !== undefined) return [replaceLeader(view, rule, code)];
  return [
    ...followers(view, rule, now, options),
    ...cohortMembers(view, rule, options),
    ...atRisk(view, rule, now, options),
  ];
}

function needsInitialization(view: ShardView, now: number, options: AnalyseOptions): Finding[] {
  if (view.bootstrapPolicy === undefined) return [];
  const ready = view.poolers.filter(
    (p) =>
      p.connected &&
      p.lifecycle !== 'SHUTDOWN' &&
      p.health?.initialized === true &&
      silentFor(p, now) < options.staleMs,
  );
  const members = ready.map((p) => p.id);
  if (!satisfied(view.bootstrapPolicy, members)) return [];
  return [
    {
      problem: {
        code: 'ShardNeedsInitialization',
        checkName: 'ShardNeedsInitialization',
        description: `Shard ${describeShard(view.key)} needs initialization`,
        priority: 10000,
        scope: 'Shard',
      },
      action: { kind: 'initialize', members },
    },
  ];
}

/** Why the leader must be replaced, or undefined if it need not be. */
function leaderProblem(
  view: ShardView,
  rule: Rule,
  now: number,
  options: AnalyseOptions,
): string | undefined {
  if (rule.leader === undefined) return 'LeaderUnspecified';
  const leader = findPooler(view, rule.leader);
  if (leader?.lifecycle === 'SHUTDOWN' || leader?.lifecycle === 'STOPPING') return 'LeaderResigned';
  const health = leader?.health;
  if (
    leader !== undefined &&
    leader.connected &&
    health !== undefined &&
    silentFor(leader, now) < options.staleMs
  ) {
    if (health.resigning || !health.eligible || cameBackAsStandby(leader, rule))
      return 'LeaderResigned';
    return health.running ? undefined : 'LeaderUnhealthy';
  }
  return silentLeader(view, rule, now, options);
}

function silentLeader(
  view: ShardView,
  rule: Rule,
  now: number,
  options: AnalyseOptions,
): string | undefined {
  const leader = findPooler(view, rule.leader);
  const silent = silentFor(leader, now);
  if (silent < options.staleMs) return undefined;
  if (leader?.connected === true && silent >= options.leaderResponseMs) return 'LeaderUnhealthy';
  const alive = view.poolers.filter(
    (p) => !sameId(p.id, rule.leader) && p.connected && p.health?.ready === true,
  );
  const cutOff =
    alive.length > 0 &&
    alive.every((p) => p.health?.streaming !== true) &&
    now - rule.createdMs >= CUT_OFF_RULE_AGE_MS;
  return cutOff ? 'LeaderUnreachableByCohort' : 'LeaderHealthUnknown';
}

/** The rule names a leader whose postgres is a standby, and it knows of that rule. */
function cameBackAsStandby(leader: PoolerView, rule: Rule): boolean {
  const own = leader.health?.rule;
  return (
    leader.health?.postgres === 'STANDBY' &&
    leader.health.ready &&
    own !== undefined &&
    compareRules(own, rule) === 0
  );
}

function leaderHealthUnknown(view: ShardView, rule: Rule): Finding {
  const description = `Leader of shard ${describeShard(view.key)} gives no answer, but its standbys still stream from it`;
  return { problem: leaderNeedsReplacement('LeaderHealthUnknown', rule, description, 100) };
}

function replaceLeader(view: ShardView, rule: Rule, code: string): Finding {
  const shard = describeShard(view.key);
  const recruits = rule.cohort.filter((id) => recruitable(findPooler(view, id)));
  if (!electable(rule.policy, rule.cohort, recruits)) {
    const onlyLeaderLost = without(rule.cohort, rule.leader, ...recruits).length === 0;
    const why = onlyLeaderLost ? `needs a new leader (${code})` : 'cannot confirm leader progress';
    return {
      problem: leaderNeedsReplacement(
        'ShardStuck',
        rule,
        `Shard ${shard} ${why} and cannot reach a sufficient recruitment quorum`.replace(
          `(${code}) and`,
          `(${code}) but`,
        ),
      ),
    };
  }
  const texts: Record<string, string> = {
    LeaderResigned: `Leader for shard ${shard} is stepping down`,
    LeaderUnreachableByCohort: `Leader for shard ${shard} is unreachable by its cohort`,
    LeaderUnhealthy: `Leader for shard ${shard} has no working postgres`,
    LeaderUnspecified: `Shard ${shard} has no leader`,
  };
  return {
    problem: leaderNeedsReplacement(code, rule, texts[code] ?? code),
    action: { kind: 'elect', code, rule },
  };
}

function leaderNeedsReplacement(
  code: string,
  rule: Rule,
  description: string,
  priority: 1000 | 100 = 1000,
): Problem {
  const scope = priority === 1000 ? 'Shard' : 'Pooler';
  const problem: Problem = {
    code,
    checkName: 'LeaderNeedsReplacement',
    description,
    priority,
    scope,
  };
  return rule.leader === undefined ? problem : { ...problem, pooler: rule.leader };
}

function followers(view: ShardView, rule: Rule, now: number, options: AnalyseOptions): Finding[] {
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
function cohortMembers(view: ShardView, rule: Rule, options: AnalyseOptions): Finding[] {
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
function atRisk(view: ShardView, rule: Rule, now: number, options: AnalyseOptions): Finding[] {
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
