/**
 * What the operator does to the world, one entry per effect, in order: writes to the Kubernetes API and to the
 * topology, and calls that change something in the runtime. The harness counts them, invariants look at each,
 * and a process can be made to die right after the n-th.
 */
import type { KubeObject } from '../../../schemas/k8s.ts';
import type { Clock } from '../../../kube/clock.ts';

export type Effect = {
  /** 1 for the first. */
  n: number;
  atMs: number;
  /** In words, as `create Pod demo-0`. */
  what: string;
} & (
  | {
      of: 'kube';
      verb: 'create' | 'apply' | 'patch' | 'delete' | 'evict';
      kind: string;
      name: string;
      subresource?: string;
      before?: KubeObject;
      after?: KubeObject;
    }
  | { of: 'topology'; key: string; value?: Buffer }
  | { of: 'call'; method: string; pooler?: string }
);

type Unnumbered<T> = T extends unknown ? Omit<T, 'n' | 'atMs'> : never;
export type NewEffect = Unnumbered<Effect>;

export class Journal {
  readonly effects: Effect[] = [];
  readonly #clock: Clock;
  readonly #listeners: ((effect: Effect) => void)[] = [];
  /** The process dies right after the effect of this number. */
  crashAfter: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called in the moment of each effect. */
  onEffect(listener: (effect: Effect) => void): void {
    this.#listeners.push(listener);
  }

  record(effect: NewEffect): void {
    const numbered: Effect = {
      ...effect,
      n: this.effects.length + 1,
      atMs: this.#clock.now(),
    };
    this.effects.push(numbered);
    for (const listener of this.#listeners) listener(numbered);
  }
}
