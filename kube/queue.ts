import { backoffMs, type Clock } from './clock.ts';
import { TokenBucket } from './bucket.ts';

/** Keys of the first list wait behind live changes. */
type Priority = 'live' | 'initial';

/** What to do with a key after its work. `retry`: with back-off, at least `minDelayMs` from now. */
export type Outcome =
  { kind: 'done' } | { kind: 'after'; ms: number } | { kind: 'retry'; minDelayMs?: number };

interface QueueHooks {
  added?(): void;
  retried?(): void;
  depth?(depth: number): void;
  /** Seconds from the adding of a key to the start of its work. */
  waited?(seconds: number): void;
}

/** Delays of a key that keeps failing. */
const RETRY = { baseMs: 5, maxMs: 1_000_000 };
/** Retries of all keys together: as client-go has it, to spare the API when everything fails. */
const RETRIES_PER_SECOND = 10;
const RETRY_BURST = 100;

/**
 * Keys to work on. A key is in the queue once, however often it is added, and never worked on twice
 * at the same time: an add during its work makes it come again afterwards.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #hooks: QueueHooks;
  readonly #bucket: TokenBucket;
  readonly #live = new Map<string, number>();
  readonly #initial = new Map<string, number>();
  readonly #active = new Set<string>();
  readonly #again = new Map<string, Priority>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { atMs: number; cancel: () => void }>();
  #wake: (() => void) | undefined;

  constructor({ clock, hooks = {} }: { clock: Clock; hooks?: QueueHooks }) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#bucket = new TokenBucket(RETRIES_PER_SECOND, RETRY_BURST, clock.now());
  }

  /** Keys that are ready and wait for a worker. */
  get depth(): number {
    return this.#live.size + this.#initial.size;
  }

  add(key: string, priority: Priority = 'live'): void {
    this.#hooks.added?.();
    if (this.#active.has(key)) {
      if (this.#again.get(key) !== 'live') this.#again.set(key, priority);
      return;
    }
    this.#ready(key, priority);
  }

  /** Adds the key after `ms`, or earlier if an earlier time is already set for it. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key);
    const atMs = this.#clock.now() + ms;
    const existing = this.#timers.get(key);
    if (existing && existing.atMs <= atMs) return;
    existing?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { atMs, cancel });
  }

  /** Forgets the failures of a key and a time set for it: for objects that are gone. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  /**
   * Works on keys until `signal` aborts, then waits for work that has begun.
   * The worker must not throw; if it does the key is retried.
   */
  async run(
    worker: (key: string) => Promise<Outcome>,
    { concurrency, signal }: { concurrency: number; signal: AbortSignal },
  ): Promise<void> {
    const running = new Set<Promise<void>>();
    const wake = () => this.#wake?.();
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      const key = running.size < concurrency ? this.#take() : undefined;
      if (key === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        continue;
      }
      const work = this.#work(key, worker).finally(() => {
        running.delete(work);
        this.#wake?.();
      });
      running.add(work);
    }
    signal.removeEventListener('abort', wake);
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    await Promise.all(running);
  }

  async #work(key: string, worker: (key: string) => Promise<Outcome>): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await worker(key);
    } catch {
      outcome = { kind: 'retry' };
    }
    this.#active.delete(key);
    if (outcome.kind === 'retry') this.#retryLater(key, outcome.minDelayMs ?? 0);
    else this.#failures.delete(key);
    if (outcome.kind === 'after') this.addAfter(key, outcome.ms);
    const again = this.#again.get(key);
    if (again === undefined) return;
    this.#again.delete(key);
    this.#ready(key, again);
  }

  #retryLater(key: string, minDelayMs: number): void {
    this.#hooks.retried?.();
    const attempt = this.#failures.get(key) ?? 0;
    this.#failures.set(key, attempt + 1);
    const own = backoffMs(attempt, RETRY, () => 0);
    const shared = this.#bucket.reserve(this.#clock.now());
    this.addAfter(key, Math.max(own, shared, minDelayMs));
  }

  #ready(key: string, priority: Priority): void {
    const since = this.#initial.get(key) ?? this.#clock.now();
    if (priority === 'live') {
      this.#initial.delete(key);
      if (!this.#live.has(key)) this.#live.set(key, since);
    } else if (!this.#live.has(key)) {
      this.#initial.set(key, since);
    }
    this.#hooks.depth?.(this.depth);
    this.#wake?.();
  }

  #take(): string | undefined {
    for (const queue of [this.#live, this.#initial]) {
      for (const [key, sinceMs] of queue) {
        queue.delete(key);
        this.#active.add(key);
        this.#hooks.depth?.(this.depth);
        this.#hooks.waited?.((this.#clock.now() - sinceMs) / 1000);
        return key;
      }
    }
    return undefined;
  }
}
