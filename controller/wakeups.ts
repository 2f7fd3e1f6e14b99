import type { Key } from './key.ts';

export type Wakeups = ReturnType<typeof createWakeups>;

/**
 * Reasons to look at an object that do not come from the Kubernetes API: the data plane, a call that ended.
 * Controllers are named, such as `shard`.
 */
export const createWakeups = () => {
  const listeners = new Map<string, ((key: Key) => void)[]>();
  return {
    wake(controller: string, key: Key): void {
      for (const listener of listeners.get(controller) ?? []) listener(key);
    },
    on(controller: string, listener: (key: Key) => void): void {
      listeners.set(controller, [...(listeners.get(controller) ?? []), listener]);
    },
  };
};
