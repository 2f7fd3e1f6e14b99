/** Signals to the processes of pods, from their node: what a crash or a hang of them looks like. */
import { KINDS, type Pod } from '../../schemas/k8s.ts';
import { onNode } from '../lib/nodes.ts';
import { get, type World } from './world.ts';

export type Signal = 'KILL' | 'STOP' | 'CONT' | 'TERM';

/** Which processes of a pod. */
export interface Target {
  pod: string;
  /** Absent: every container. */
  container?: string;
  /** Name of the program as the kernel knows it (comm); absent: all of the container. */
  program?: string;
}

// Nothing but processes of the named pod's containers is ever listed here.
const SCRIPT = `set -eu
filter="labels.\\"io.kubernetes.pod.namespace\\"==$1,labels.\\"io.kubernetes.pod.name\\"==$2"
[ "$3" = '*' ] || filter="$filter,labels.\\"io.kubernetes.container.name\\"==$3"
running=$(ctr -n k8s.io tasks ls -q)
found=
for c in $(ctr -n k8s.io containers ls -q "$filter"); do
  echo "$running" | grep -qxF "$c" || continue
  ctr -n k8s.io containers info "$c" | grep -q '"io.cri-containerd.kind": "container"' || continue
  for pid in $(ctr -n k8s.io tasks ps "$c" | awk 'NR > 1 {print $1}'); do
    [ "$4" = '*' ] || [ "$(cat /proc/$pid/comm 2>/dev/null)" = "$4" ] || continue
    found="$found $pid"
  done
done
[ -n "$found" ] || { echo 0; exit 0; }
kill -"$5" $found 2>/dev/null || true
echo $found | wc -w`;

/** Sends a signal and gives the number of processes that got it; 0 when none runs. */
export async function signal(world: World, target: Target, name: Signal): Promise<number> {
  const { namespace } = world;
  const pod = await get<Pod>(world, KINDS.Pod, target.pod);
  const node = pod.spec?.nodeName;
  if (!node) throw new Error(`pod ${namespace}/${target.pod} has no node`);
  return await signalOn(node, namespace, target, name);
}

/** The same without asking the API server where the pod is. */
export async function signalOn(
  node: string,
  namespace: string,
  target: Target,
  name: Signal,
): Promise<number> {
  const { container = '*', program = '*' } = target;
  const args = [namespace, target.pod, container, program, name];
  return Number(await onNode(node, ['sh', '-c', SCRIPT, 'sh', ...args]));
}

/** SIGKILL to every process of a pod's containers at once. */
export const killPod = (world: World, pod: string): Promise<number> =>
  signal(world, { pod }, 'KILL');
