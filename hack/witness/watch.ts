/** Follows objects of a kind for a script or a test: each change is heard as it happens. */
import { systemClock } from '../../kube/clock.ts';
import { Informer } from '../../kube/informer.ts';
import { type Change, Store } from '../../kube/store.ts';
import type { KubeApi } from '../../kube/api.ts';
import type { KindRef, KubeObject } from '../../schemas/k8s.ts';

export interface Followed {
  namespace?: string;
  labelSelector?: string;
}

export interface Follower {
  /** What is known now. */
  list(): KubeObject[];
  stop(): void;
}

const SILENT = { debug: () => undefined, warn: () => undefined };
/** A watch through a server that stands still is given up after this. */
const INACTIVITY_MS = 70_000;

/** Resolves when the first list is in; `hear` gets its objects too. */
export async function follow(
  api: KubeApi,
  kind: KindRef,
  scope: Followed,
  hear: (change: Change, at: number) => void,
): Promise<Follower> {
  const store = new Store({ now: Date.now });
  const stop = new AbortController();
  const informer = new Informer({
    ...{ api, kind, store, ...scope, clock: systemClock, random: Math.random, log: SILENT },
    inactivityMs: INACTIVITY_MS,
  });
  informer.onChange((change) => hear(change, Date.now()));
  void informer.start(stop.signal);
  await informer.whenSynced();
  return { list: () => store.list(), stop: () => stop.abort() };
}
