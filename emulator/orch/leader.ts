/** Whether and why a shard's leader must be replaced. */
import { leaderNeedsReplacement, silentFor, type AnalyseOptions, type Finding } from './finding.ts';
import type { PoolerView, Rule, ShardView } from './model.ts';
import { compareRules, describeShard, findPooler, sameId } from './model.ts';
import { electable, recruitable, without } from './quorum.ts';

/** A rule must be this old before "cut off from the leader" is believed, in ms. */
const CUT_OFF_RULE_AGE_MS = 10_000;

/** Why the leader must be replaced, or undefined if it need not be. */
export function leaderProblem(
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
  const follows = (p: PoolerView): boolean =>
    p.health?.streaming === true && p.health.upstream === leader?.hostname;
  const cutOff =
    alive.length > 0 && !alive.some(follows) && now - rule.createdMs >= CUT_OFF_RULE_AGE_MS;
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

/** An alert without a cure. */
export function leaderHealthUnknown(view: ShardView, rule: Rule): Finding {
  const description = `Leader of shard ${describeShard(view.key)} gives no answer, but its standbys still stream from it`;
  return { problem: leaderNeedsReplacement('LeaderHealthUnknown', rule, description, 100) };
}

/** An election, or ShardStuck where too few members could take part. */
export function replaceLeader(view: ShardView, rule: Rule, code: string): Finding {
  const shard = describeShard(view.key);
  const recruits = rule.cohort.filter((id) => recruitable(findPooler(view, id)));
  if (!electable(rule.policy, rule.cohort, recruits)) {
    const onlyLeaderLost = without(rule.cohort, rule.leader, ...recruits).length === 0;
    const why = onlyLeaderLost
      ? `needs a new leader (${code}) but`
      : 'cannot confirm leader progress and';
    const description = `Shard ${shard} ${why} cannot reach a sufficient recruitment quorum`;
    return { problem: leaderNeedsReplacement('ShardStuck', rule, description) };
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
