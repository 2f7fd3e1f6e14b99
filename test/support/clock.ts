import type { Clock } from '../../kube/clock.ts';

interface Timer {
  atMs: number;
  fn: () => void;
}

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set and have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer fires, ms since the epoch; undefined when none is set. */
  get nextMs(): number | undefined {
    return this.#timers.size === 0
      ? undefined
      : Math.min(...[...this.#timers].map(({ atMs }) => atMs));
  }

  /**
   * Moves time to the first timer that is due by `untilMs` and fires it. When there is none, time is `untilMs`
   * and the answer false. Timers of the same moment fire in the order in which they were set.
   */
  fireNext(untilMs: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= untilMs && (!next || timer.atMs < next.atMs)) next = timer;
    }
    this.#nowMs = Math.max(this.#nowMs, next?.atMs ?? untilMs);
    if (!next) return false;
    this.#timers.delete(next);
    next.fn();
    return true;
  }

  /** Moves time on, timer by timer, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    while (this.fireNext(endMs)) await settle();
  }
}

/** Lets all promises that can settle do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
