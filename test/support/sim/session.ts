/**
 * One life of the operator's process: everything that reaches it comes through here, so that nothing does
 * after its death, and so that the harness knows when code of the operator has to run.
 */
import type { Clock } from '../../../kube/clock.ts';
import type { Journal, NewEffect } from './effects.ts';

export interface SessionOptions {
  clock: Clock;
  journal: Journal;
}

export class Session {
  /** Set whenever code of the operator may have become ready to run; the harness takes it back. */
  touched = true;
  /** It died by itself, after the effect that the journal names. */
  crashed = false;
  #alive = true;
  readonly #options: SessionOptions;
  readonly #timers = new Set<() => void>();
  readonly #mourners: (() => void)[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Time as the operator's code gets it: timers of a dead process never fire. */
  readonly clock: Clock = {
    now: () => this.#options.clock.now(),
    after: (ms, fn) => this.later(ms, fn),
  };

  /** Runs `fn` in the process after `ms`, unless it has died by then. */
  later(ms: number, fn: () => void): () => void {
    const stop = this.#options.clock.after(ms, () => {
      this.#timers.delete(stop);
      if (!this.#alive) return;
      this.touched = true;
      fn();
    });
    this.#timers.add(stop);
    return () => {
      this.#timers.delete(stop);
      stop();
    };
  }

  /**
   * A request with its way there and back. `work` runs in one moment, halfway; its answer, or what it throws,
   * arrives at the end. A dead process sends nothing and hears nothing: the promise then stays open for ever.
   */
  request<T>(ms: number, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.later(ms / 2, () => {
        try {
          const answer = work();
          this.later(ms / 2, () => resolve(answer));
        } catch (error) {
          this.later(ms / 2, () => reject(error as Error));
        }
      });
    });
  }

  /** Notes an effect of this process; it may be the last thing that the process does. */
  effect(effect: NewEffect): void {
    const { journal } = this.#options;
    journal.record(effect);
    if (journal.crashAfter !== journal.effects.length) return;
    this.crashed = true;
    this.kill();
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const stop of this.#timers) stop();
    this.#timers.clear();
    for (const mourner of this.#mourners) mourner();
  }

  /** Calls `fn` when the process dies. */
  onDeath(fn: () => void): void {
    this.#mourners.push(fn);
  }
}
