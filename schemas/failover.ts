import { durationMs } from './duration.ts';
import { FAILOVER_DEFAULTS } from './resolve/builtin.ts';
import type { FailoverTimers } from './types.ts';

/** The timers that hold: the user's where written, else ours. */
export const failoverOf = (given: FailoverTimers | undefined): Required<FailoverTimers> => ({
  ...FAILOVER_DEFAULTS,
  ...given,
});

/** Into how many turns the jitter is divided. Fixed, so that a cell more changes no other's flags. */
const TURNS = 4;

/**
 * Grace period of the orchestrators of one cell. Each cell has a turn of its own within the jitter. Where several
 * share a turn, a quarter of it is random: an orchestrator acts only at its next look, up to `recoveryInterval` later.
 * @param index of the cell among those with orchestrators, from 0
 * @param replicas orchestrators in that cell
 */
export const graceOf = (
  timers: Required<FailoverTimers>,
  index: number,
  replicas: number,
): { base: string; jitter: string } => {
  const turnMs = (durationMs(timers.gracePeriodJitter) ?? 0) / TURNS;
  const baseMs = (durationMs(timers.gracePeriod) ?? 0) + (index % TURNS) * turnMs;
  return {
    base: `${Math.round(baseMs)}ms`,
    jitter: `${replicas > 1 ? Math.round(turnMs / 4) : 0}ms`,
  };
};
