/** Reasons to look at an object that do not come from the Kubernetes API: the data plane, a call that ended. */
import type { Key } from './key.ts';

export interface Wakeups {
  /** @param controller name of the controller, such as `shard` */
  wake(controller: string, key: Key): void;
  on(controller: string, listener: (key: Key) => void): void;
}

export const createWakeups = (): Wakeups => {
  const listeners = new Map<string, ((key: Key) => void)[]>();
  return {
    wake(controller, key) {
      for (const listener of listeners.get(controller) ?? []) listener(key);
    },
    on(controller, listener) {
      listeners.set(controller, [...(listeners.get(controller) ?? []), listener]);
    },
  };
};
