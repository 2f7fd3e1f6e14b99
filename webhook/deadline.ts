import type { Clock } from '../kube/clock.ts';

/** A deadline is kept to a tenth. */
const TICKS = 10;

interface Waiting {
  /** Its place in the list; -1 once it waits no more. */
  at: number;
  since: number;
  fail: () => void;
}

/**
 * Gives a function that rejects what is not done within `ms` milliseconds, or a tenth more, with a text.
 * All that waits shares one timer, which runs while something waits: a timer for each review would cost
 * a hundredth of it, and hardly one ever goes off.
 */
export function createDeadline(clock: Clock, ms: number): <T>(work: Promise<T>) => Promise<T> {
  // No Set, for the reason given in listen.ts.
  const waiting: Waiting[] = [];
  const remove = (one: Waiting): void => {
    if (one.at === -1) return;
    const last = waiting.pop();
    if (last && last !== one) {
      waiting[one.at] = last;
      last.at = one.at;
    }
    one.at = -1;
  };
  let tick = 0;
  let armed = false;
  const look = (): void => {
    armed = false;
    tick++;
    for (const one of waiting.filter(({ since }) => tick - since > TICKS)) {
      remove(one);
      one.fail();
    }
    if (waiting.length > 0) arm();
  };
  const arm = (): void => {
    armed = true;
    clock.after(ms / TICKS, look);
  };
  return <T>(work: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      const one: Waiting = {
        at: waiting.length,
        since: tick,
        fail: () => reject(new Error(`the review took longer than ${ms} ms`)),
      };
      waiting.push(one);
      if (!armed) arm();
      work.finally(() => remove(one)).then(resolve, reject);
    });
}
