/** What the API server tells of pods, without asking it again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeApi } from '../../../kube/api.ts';
import { KINDS, type Pod } from '../../../schemas/k8s.ts';

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/**
 * Resolves with the milliseconds since `fromMs` when so many pods of the namespace are ready.
 * @throws Error after the time is over, with how many there are
 */
export async function untilReady(
  api: KubeApi,
  namespace: string,
  { count, fromMs, timeoutMs }: { count: number; fromMs: number; timeoutMs: number },
): Promise<number> {
  const ready = new Set<string>();
  const note = (pod: Pod, gone = false): void => {
    if (!gone && isReady(pod)) ready.add(pod.metadata.name);
    else ready.delete(pod.metadata.name);
  };
  const stop = new AbortController();
  const follow = async (): Promise<void> => {
    const { items, resourceVersion } = await api.list(KINDS.Pod, { namespace });
    for (const pod of items) note(pod as Pod);
    const options = { namespace, resourceVersion, timeoutSeconds: 300, inactivityMs: 300_000 };
    await api.watch(
      KINDS.Pod,
      options,
      ({ type, object }) => {
        if (type !== 'BOOKMARK') note(object as Pod, type === 'DELETED');
      },
      stop.signal,
    );
  };
  const watching = (async (): Promise<void> => {
    // The API server ends the watch of a client that falls behind.
    while (!stop.signal.aborted) await follow().catch(() => sleep(100));
  })();
  try {
    while (ready.size < count) {
      if (Date.now() - fromMs > timeoutMs) {
        throw new Error(`${ready.size} of ${count} pods are ready after ${timeoutMs / 1000} s`);
      }
      await sleep(50);
    }
    return Date.now() - fromMs;
  } finally {
    stop.abort();
    await watching;
  }
}
