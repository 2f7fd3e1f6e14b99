/** What the API server tells of pods, without asking it again and again. */
import { isReady } from '../../../controller/observe/pods.ts';
import type { KubeApi } from '../../../kube/api.ts';
import { KINDS, type Pod } from '../../../schemas/k8s.ts';
import { until } from '../../lib/run.ts';
import { follow } from '../../witness/watch.ts';

/**
 * Resolves with the milliseconds since `fromMs` when so many pods of the namespace are ready.
 * @throws Error after the time is over, with how many there are
 */
export async function untilReady(
  api: KubeApi,
  namespace: string,
  { count, fromMs, timeoutMs }: { count: number; fromMs: number; timeoutMs: number },
): Promise<number> {
  const pods = await follow(api, KINDS.Pod, { namespace }, () => undefined);
  const ready = (): number => pods.list().filter((pod) => isReady(pod as Pod)).length;
  try {
    await until(
      () => `${count} pods to be ready; ${ready()} are`,
      timeoutMs - (Date.now() - fromMs),
      () => (ready() >= count ? true : undefined),
      50,
    );
    return Date.now() - fromMs;
  } finally {
    pods.stop();
  }
}
