import { AsyncLocalStorage } from 'node:async_hooks';
import { KINDS, type KindName, type KindRef, type ObjectRef } from '../schemas/k8s.ts';
import type { Write } from '../kube/client.ts';
import type { Store } from '../kube/store.ts';
import { WATCHED } from './watched.ts';

export type Writes = ReturnType<typeof createWrites>;

/** Longest list of actions that one log line names. */
const MAX_ACTIONS = 30;

/** Follows the writes of this process. */
export function createWrites(stores: Record<KindName, Store>) {
  const tracked = new AsyncLocalStorage<string[]>();
  // Nothing would ever clear the copy of a kind that is not watched.
  const watched = new Map<KindRef, Store>(WATCHED.map(({ kind }) => [KINDS[kind], stores[kind]]));

  const changed = (write: Write): boolean => {
    if (!write.object || write.knownVersion === undefined) return true;
    return write.knownVersion !== write.object.metadata.resourceVersion;
  };

  return {
    /** For ClientOptions.onWrite: shows the write to readers of the store at once. */
    onWrite(write: Write): void {
      const actions = tracked.getStore();
      if (actions && write.kind !== KINDS.Event && changed(write)) {
        const sub = write.subresource ? ` ${write.subresource}` : '';
        if (actions.length < MAX_ACTIONS) {
          actions.push(`${write.verb} ${write.kind.kind} ${write.name}${sub}`);
        }
      }
      const store = watched.get(write.kind);
      if (write.object) store?.observe(write.object);
      else store?.observeDeleted(write.namespace, write.name, write.uid);
    },
    /** For ClientOptions.knownVersion. */
    knownVersion: ({ kind, namespace, name }: ObjectRef): string | undefined =>
      watched.get(kind)?.get(namespace, name)?.metadata.resourceVersion,
    /** Runs `work` and collects what it changed in the API, as `apply Service demo-web`. */
    track: <T>(actions: string[], work: () => Promise<T>): Promise<T> => tracked.run(actions, work),
  };
}
