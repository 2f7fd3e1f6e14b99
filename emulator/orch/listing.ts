/** The list that GetShardStatus shows: what the last cycle found, and since when. */
import type { Log } from '../log.ts';
import type { Finding } from './finding.ts';
import { idKey, type Problem } from './model.ts';

/** A problem and since when it is listed. */
export interface Listed {
  problem: Problem;
  sinceMs: number;
}

const listKey = (problem: Problem): string =>
  `${problem.code} ${problem.pooler === undefined ? '' : idKey(problem.pooler)}`;

/** The new list; what was listed before keeps its time, what is new is logged. */
export function relist(
  previous: readonly Listed[],
  findings: readonly Finding[],
  now: number,
  log: Log,
): Listed[] {
  const before = new Map(previous.map((l) => [listKey(l.problem), l.sinceMs]));
  return findings.flatMap(({ problem }): Listed[] => {
    if (problem === undefined) return [];
    const since = before.get(listKey(problem));
    if (since === undefined) {
      log.info('problem detected', { code: problem.code, pooler: problem.pooler?.name });
    }
    return [{ problem, sinceMs: since ?? now }];
  });
}
