/** What the parts of the simulated Kubernetes share. */
import type { KubeObject, ObjectRef, Pod } from '../../../../schemas/k8s.ts';
import { KINDS } from '../../../../schemas/k8s.ts';
import type { FakeClock } from '../../clock.ts';
import type { ApiServer } from '../kube/api-server.ts';
import type { Pace, Range } from '../pace.ts';
import type { Random } from '../random.ts';

export interface Context {
  server: ApiServer;
  clock: FakeClock;
  random: Random;
  pace: Pace;
  /** A line for the story that is told when a test fails. */
  tell: (text: string) => void;
}

/** Calls `fn` after a time drawn from the range; returns how to cancel it. */
export const later = (
  { clock, random }: Pick<Context, 'clock' | 'random'>,
  [low, high]: Range,
  fn: () => void,
): (() => void) => clock.after(random.between(low, high), fn);

export const podRef = (pod: KubeObject): ObjectRef & { namespace: string } => ({
  kind: KINDS.Pod,
  namespace: pod.metadata.namespace ?? '',
  name: pod.metadata.name,
});

export const podsOn = ({ server }: Pick<Context, 'server'>, node: string): Pod[] =>
  (server.list(KINDS.Pod) as Pod[]).filter((pod) => pod.spec?.nodeName === node);

/** Changes the status of exactly this pod; nothing happens when it is gone. */
export function writePodStatus(
  { server }: Pick<Context, 'server'>,
  pod: KubeObject,
  change: (current: Pod) => Pod['status'],
): void {
  server.update(podRef(pod), (current) => {
    if (current.metadata.uid !== pod.metadata.uid) return current;
    const status = change(current as Pod);
    return status ? { ...current, status } : current;
  });
}
