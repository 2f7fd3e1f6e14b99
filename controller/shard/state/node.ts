/** What Nodes say about the pods on them. Pure. */
import type { KubeObject } from '../../../schemas/k8s.ts';

/** Why a process cannot be running any more. */
export type DeathProof = 'containers-terminated' | 'node-deleted' | 'node-out-of-service';

/** What they say of a node, after its name. */
export const NODE_PROOFS: Record<Exclude<DeathProof, 'containers-terminated'>, string> = {
  'node-deleted': 'no longer exists',
  'node-out-of-service': 'is out of service',
};

interface NodeShape {
  spec?: { unschedulable?: boolean; taints?: { key?: string; effect?: string }[] };
  status?: {
    conditions?: { type: string; status: string; lastTransitionTime?: string }[];
  };
}

/** Taints by which autoscalers announce that a node will go. */
const LEAVING = new Set([
  'node.kubernetes.io/unschedulable',
  'ToBeDeletedByClusterAutoscaler',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
]);
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

const shapeOf = (node: KubeObject): NodeShape => node as NodeShape;

/** Why nothing can run on this node any more; undefined when it may. */
export const nodeProof = (
  node: string | undefined,
  nodes: ReadonlyMap<string, KubeObject>,
): Exclude<DeathProof, 'containers-terminated'> | undefined => {
  if (node === undefined) return undefined;
  const found = nodes.get(node);
  if (!found) return 'node-deleted';
  return shapeOf(found).spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE)
    ? 'node-out-of-service'
    : undefined;
};

/** Somebody wants the node empty: cordoned, or marked by an autoscaler. */
export const isLeaving = (node: KubeObject | undefined): boolean => {
  if (!node) return false;
  const { unschedulable, taints = [] } = shapeOf(node).spec ?? {};
  return unschedulable === true || taints.some(({ key }) => LEAVING.has(key ?? ''));
};

/** Since when the node does not answer, ms since the epoch; undefined while it does. */
export const silentSinceMs = (node: KubeObject | undefined): number | undefined => {
  const ready = node && shapeOf(node).status?.conditions?.find(({ type }) => type === 'Ready');
  if (!ready || ready.status === 'True') return undefined;
  return Date.parse(ready.lastTransitionTime ?? '') || 0;
};
