/** Time as a dependency: real in `main.ts`, stepped by hand in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
}

/** setTimeout counts in a signed 32-bit number and fires at once beyond it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as `signal` aborts (it never rejects: the caller looks at the signal). */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const finish = () => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** What `work` gives, or undefined after `ms`. */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
): Promise<T | undefined> {
  const done = new AbortController();
  const late = sleep(clock, ms, done.signal).then(() => undefined);
  return Promise.race([work, late]).finally(() => done.abort());
}

interface BackoffOptions {
  /** First delay in milliseconds. */
  baseMs: number;
  /** Longest delay in milliseconds, before jitter. */
  maxMs: number;
  /** Share of the delay that may be added at random, 0..1. */
  jitter?: number;
}

/** Delay before try number `attempt` (0 = first retry): doubles each time up to `maxMs`, plus jitter. */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const delay = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 40));
  return delay * (1 + (options.jitter ?? 0) * random());
}
