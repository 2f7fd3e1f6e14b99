/** What multiorch finds and would do about it. */
import type { ComponentId, PoolerView, Problem, Rule } from './model.ts';

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

/** Time since a pooler was heard of, ms. */
export const silentFor = (pooler: PoolerView | undefined, now: number): number =>
  pooler === undefined ? Infinity : now - Math.max(pooler.lastSeenMs, pooler.foundMs);

/** A problem of the check that decides on the leader. */
export function leaderNeedsReplacement(
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
