// Grace periods: how long multiorch waits between seeing that a leader must be
// replaced and replacing it. Every code has a countdown of its own, so a problem
// that changes its name starts anew.

export interface GraceOptions {
  /** --leader-failover-grace-period-base, ms. */
  baseMs: number;
  /** --leader-failover-grace-period-max-jitter, ms. */
  jitterMs: number;
}

/** The one countdown that runs; undefined = none. */
export interface Countdown {
  code: string;
  dueMs: number;
}

/** The countdown after this cycle: kept while the code stays, else begun, or dropped without a problem. */
export function nextCountdown(
  previous: Countdown | undefined,
  code: string | undefined,
  now: number,
  random: number,
  options: GraceOptions,
): Countdown | undefined {
  if (code === undefined) return undefined;
  if (previous?.code === code) return previous;
  return { code, dueMs: now + options.baseMs + Math.floor(random * options.jitterMs) };
}

/** TriggerRecoveryNow: a running countdown is over; one that has not begun is not. */
export const expire = (countdown: Countdown | undefined, now: number): Countdown | undefined =>
  countdown === undefined ? undefined : { ...countdown, dueMs: now };
