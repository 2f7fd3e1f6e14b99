/** When gateways were told to go, were gone, or crashed, from the changes of their pods. */
import type { Change } from '../../kube/store.ts';
import type { Pod } from '../../schemas/k8s.ts';
import type { GatewayEnd } from './gateways.ts';

/** A crash is in a pod's status only some seconds later. */
export const CRASH_NOTICED_MS = 6_000;

const restarts = (pod: Pod | undefined): number =>
  (pod?.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
const isDown = (pod: Pod | undefined): boolean =>
  (pod?.status?.containerStatuses ?? []).some(({ state }) => state?.terminated !== undefined);
const crashed = (pod: Pod, old: Pod | undefined): boolean =>
  restarts(pod) > restarts(old) || (isDown(pod) && !isDown(old));

/** Adds to `ends` what a change of a gateway's pod tells. */
export function noteGateway(ends: GatewayEnd[], change: Change, at: number): void {
  const pod = change.object as Pod;
  const old = change.old as Pod | undefined;
  const ip = pod.status?.podIP ?? old?.status?.podIP;
  if (ip === undefined) return;
  const open = ends.find((end) => end.ip === ip && end.to === undefined);
  if (change.type === 'deleted') {
    if (open) open.to = at;
    else ends.push({ ip, from: at, to: at });
  } else if (pod.metadata.deletionTimestamp !== undefined) {
    if (!open) ends.push({ ip, from: at });
  } else if (change.type === 'updated' && crashed(pod, old)) {
    ends.push({ ip, from: at - CRASH_NOTICED_MS, to: at });
  }
}
