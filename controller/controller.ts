import type { KindName, KindRef, KubeObject } from '../schemas/k8s.ts';
import type { Lister } from '../kube/store.ts';
import type { Deps } from './deps.ts';
import type { Key } from './key.ts';

export type { Key } from './key.ts';

/**
 * How a reconcile ended. `requeueAfterMs`: look again after this time. `terminal`: nothing to do
 * until the object changes, for the given reason. Anything that should be retried with back-off is
 * thrown.
 */
export type Result = { requeueAfterMs?: number } | { terminal: string };

/** Objects of `kind` whose changes concern the controller. */
export interface Source {
  kind: KindName;
  map(object: KubeObject, listers: Record<KindName, Lister>): Key[];
}

export interface Controller {
  /** Short, lower case; a label of metrics and logs. */
  name: string;
  kind: KindRef;
  /** Never runs twice at the same time for one key. */
  reconcile(key: Key, deps: Deps): Promise<Result>;
  /** Beside the kind itself, which is always a source. */
  sources: Source[];
  /** Changes of the sources are answered together after so many ms: of a controller that mostly repeats them. */
  calmMs?: number;
}

/** Of a controller whose status sums up those of its children: a start changes each of them several times a second. */
export const SUMMARY_MS = 300;
