/**
 * What is wrong with a shard, and what to do about it: pure functions of the view. Codes, check names,
 * priorities and texts are the ones read off live processes.
 */
import { silentFor, type AnalyseOptions, type Finding } from './finding.ts';
import { leaderHealthUnknown, leaderProblem, replaceLeader } from './leader.ts';
import { atRisk, cohortMembers, followers } from './members.ts';
import type { ShardView } from './model.ts';
import { currentRule, describeShard } from './model.ts';
import { satisfied } from './quorum.ts';

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
