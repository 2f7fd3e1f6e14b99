import type { KubeApi } from '../../kube/api.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';

/** The fewest pool pods that lived at any moment of `work`, as a watch tells it, event by event. */
export const fewestDuring = async (
  api: KubeApi,
  namespace: string,
  before: readonly KubeObject[],
  work: () => Promise<void>,
): Promise<number> => {
  const stop = new AbortController();
  const alive = new Set(before.map(({ metadata }) => metadata.name));
  const { resourceVersion } = await api.list(KINDS.Pod, { namespace });
  let fewest = alive.size;
  const options = { namespace, resourceVersion, timeoutSeconds: 300, inactivityMs: 300_000 };
  const watching = api.watch(
    KINDS.Pod,
    options,
    ({ type, object: { metadata } }) => {
      if (metadata.labels?.[LABELS.component] !== COMPONENTS.pool) return;
      if (type === 'DELETED' || metadata.deletionTimestamp) alive.delete(metadata.name);
      else alive.add(metadata.name);
      fewest = Math.min(fewest, alive.size);
    },
    stop.signal,
  );
  try {
    await work();
  } finally {
    stop.abort();
    await watching;
  }
  return fewest;
};
