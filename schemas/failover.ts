import { durationMs } from './duration.ts';
import type { FailoverTimers } from './types.ts';

/**
 * When a multiorch replaces a primary, unless the cluster says otherwise. The runtime's own 4 s and 8 s
 * of grace are most of every outage. A grace period at all costs a whole look more, half a second, and saves
 * no healthy primary: the runtime lists one as gone only with evidence. Not without turns: two that recruit
 * at once both back off for 4 s.
 */
export const FAILOVER_DEFAULTS = {
  gracePeriod: '0s',
  gracePeriodJitter: '4s',
  healthCheckInterval: '500ms',
  recoveryInterval: '500ms',
} as const satisfies Required<FailoverTimers>;

/** Shortest interval that the API takes. */
export const LEAST_INTERVAL = '100ms';

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
