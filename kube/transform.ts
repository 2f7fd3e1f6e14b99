import { LAST_APPLIED } from '../schemas/labels.ts';
import type { KubeObject } from '../schemas/k8s.ts';

interface NodeSpec {
  taints?: unknown[];
  unschedulable?: boolean;
}
interface NodeStatus {
  conditions?: { type: string; status: string; lastTransitionTime?: string }[];
}

/** A node reports its heartbeat, images and volumes; we place pods and judge readiness. */
function trimNode(node: KubeObject): Partial<KubeObject> {
  const { taints, unschedulable } = (node.spec ?? {}) as NodeSpec;
  const { conditions = [] } = (node.status ?? {}) as NodeStatus;
  return {
    spec: { ...(taints && { taints }), ...(unschedulable && { unschedulable }) },
    status: {
      conditions: conditions
        .filter(({ type }) => type === 'Ready')
        .map(({ type, status, lastTransitionTime }) => ({
          ...{ type, status },
          ...(lastTransitionTime !== undefined && { lastTransitionTime }),
        })),
    },
  };
}

/**
 * What is kept of an object in memory, and what content hashes are made of: everything but the
 * bookkeeping of field managers. Pure; shares the parts it keeps.
 */
export function trim(object: KubeObject): KubeObject {
  const { managedFields: _dropped, ...metadata } = object.metadata as KubeObject['metadata'] & {
    managedFields?: unknown;
  };
  if (metadata.annotations?.[LAST_APPLIED] !== undefined) {
    const { [LAST_APPLIED]: _copy, ...annotations } = metadata.annotations;
    if (Object.keys(annotations).length > 0) metadata.annotations = annotations;
    else delete metadata.annotations;
  }
  return { ...object, metadata, ...(object.kind === 'Node' && trimNode(object)) };
}
