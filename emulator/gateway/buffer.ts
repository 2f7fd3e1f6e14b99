/** Whether and how long a client waits while there is no primary: pure decisions on plain state. */

export interface BufferOptions {
  enabled: boolean;
  /** --buffer-window: longest wait of one client, ms. */
  windowMs: number;
  /** --buffer-max-failover-duration: after this long without a primary nobody waits any more, ms. */
  maxFailoverMs: number;
  /** --buffer-min-time-between-failovers: an outage sooner after the last one's begin is not buffered, ms. */
  minBetweenMs: number;
  /** --buffer-size: clients that may wait at once. */
  size: number;
}

export interface BufferState {
  /** Begin of the outage that is buffered; absent while none is. */
  sinceMs?: number;
  /** Begin of the last outage that was buffered. */
  lastMs?: number;
}

/** The primary went away (or was never there yet). */
export function outageBegins(state: BufferState, now: number, o: BufferOptions): BufferState {
  if (!o.enabled || state.sinceMs !== undefined) return state;
  if (state.lastMs !== undefined && now - state.lastMs < o.minBetweenMs) return state;
  return { sinceMs: now, lastMs: now };
}

/** A primary serves. */
export const outageEnds = (state: BufferState): BufferState =>
  state.lastMs === undefined ? {} : { lastMs: state.lastMs };

/** How long a client that comes now may wait, ms; 0 = it gets its error at once. */
export function patience(state: BufferState, now: number, o: BufferOptions): number {
  if (state.sinceMs === undefined) return 0;
  const left = state.sinceMs + o.maxFailoverMs - now;
  return Math.max(0, Math.min(o.windowMs, left));
}
