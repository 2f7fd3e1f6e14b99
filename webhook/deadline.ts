import type { Clock } from '../controller/kube/clock.ts';

/** A deadline is kept to a tenth. */
const TICKS = 10;

interface Waiting {
  since: number;
  fail: () => void;
}

/**
 * Gives a function that rejects what is not done within `ms` milliseconds, or a tenth more, with a text.
 * All that waits shares one timer, which runs while something waits: a timer for each review would cost
 * a hundredth of it, and hardly one ever goes off.
 */
export function createDeadline(clock: Clock, ms: number): <T>(work: Promise<T>) => Promise<T> {
  // In the order in which they began, since all have the same time.
  const waiting = new Set<Waiting>();
  let tick = 0;
  let armed = false;
  const look = (): void => {
    armed = false;
    tick++;
    for (const one of waiting) {
      if (tick - one.since <= TICKS) break;
      waiting.delete(one);
      one.fail();
    }
    if (waiting.size > 0) arm();
  };
  const arm = (): void => {
    armed = true;
    clock.after(ms / TICKS, look);
  };
  return <T>(work: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      const one = {
        since: tick,
        fail: () => reject(new Error(`the review took longer than ${ms} ms`)),
      };
      waiting.add(one);
      if (!armed) arm();
      work.finally(() => waiting.delete(one)).then(resolve, reject);
    });
}
