import { LAST_APPLIED } from '../schemas/labels.ts';
import type { KubeObject } from '../schemas/k8s.ts';

type Trim = (object: KubeObject) => Partial<KubeObject>;

interface NodeSpec {
  taints?: unknown[];
  unschedulable?: boolean;
}
interface NodeStatus {
  conditions?: { type: string; status: string; lastTransitionTime?: string }[];
}

/** Per kind: the fields worth keeping of what is large or changes all the time. */
const TRIM: Record<string, Trim> = {
  // A node reports its heartbeat, images and volumes; we place pods and judge readiness.
  Node: (node) => {
    const spec = (node.spec ?? {}) as NodeSpec;
    const status = (node.status ?? {}) as NodeStatus;
    return {
      spec: {
        ...(spec.taints ? { taints: spec.taints } : {}),
        ...(spec.unschedulable ? { unschedulable: true } : {}),
      },
      status: {
        conditions: (status.conditions ?? [])
          .filter((condition) => condition.type === 'Ready')
          .map(({ type, status: value, lastTransitionTime }) => ({
            type,
            status: value,
            ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
          })),
      },
    };
  },
};

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
  return { ...object, metadata, ...TRIM[object.kind]?.(object) };
}
