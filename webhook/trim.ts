/** What the webhook keeps of each object in memory: what some policy looks at, and no more. */
import { compact } from '../schemas/compact.ts';
import { trim } from '../kube/transform.ts';
import type { KubeObject } from '../schemas/k8s.ts';

type Metadata = KubeObject['metadata'];

/** Name, identity and version, and of the labels those to `keep`. */
export function withLabels(metadata: Metadata, keep: (key: string) => boolean): Metadata {
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = metadata;
  const labels = Object.fromEntries(
    Object.entries(metadata.labels ?? {}).filter(([key]) => keep(key)),
  );
  return compact({ name, namespace, uid, resourceVersion, deletionTimestamp, labels });
}

const OURS = 'multigres.com/';
const TOPOLOGY = /^(topology\.|kubernetes\.io\/hostname$)/;

export interface ClaimStatus {
  phase?: string;
  capacity?: Record<string, string>;
  allocatedResourceStatuses?: Record<string, string>;
}
export interface NodeSpec {
  unschedulable?: boolean;
  taints?: { key: string; value?: string; effect: string }[] | null;
}
export interface ClassFields {
  provisioner?: string;
  allowVolumeExpansion?: boolean;
  volumeBindingMode?: string;
}

/** Parts of the spec of a Shard that no policy looks at. */
const UNUSED = ['images', 'observability', 'logLevels', 'internalTLS', 'postgresConfig'];

/** A function for `Store`: trims objects of the kinds that policies know of. Pure. */
export function trimForPolicies(zoneLabels: readonly string[]): (object: KubeObject) => KubeObject {
  const zones = new Set(zoneLabels);
  return (full) => {
    const object = trim(full);
    switch (object.kind) {
      case 'Node': {
        const { unschedulable, taints } = (full.spec ?? {}) as NodeSpec;
        const metadata = withLabels(full.metadata, (key) => zones.has(key) || TOPOLOGY.test(key));
        const spec = compact({
          unschedulable: unschedulable || undefined,
          taints: taints?.map(({ key, value, effect }) => ({ key, value, effect })),
        });
        return { apiVersion: full.apiVersion, kind: full.kind, metadata, spec };
      }
      case 'StorageClass': {
        const { provisioner, allowVolumeExpansion, volumeBindingMode } = full as ClassFields;
        const { apiVersion, kind, metadata } = object;
        const fields = { provisioner, allowVolumeExpansion, volumeBindingMode };
        return { apiVersion, kind, metadata, ...fields } as KubeObject;
      }
      case 'PersistentVolumeClaim': {
        const { phase, capacity, allocatedResourceStatuses } = (full.status ?? {}) as ClaimStatus;
        return {
          apiVersion: full.apiVersion,
          kind: full.kind,
          metadata: withLabels(full.metadata, (key) => key.startsWith(OURS)),
          spec: full.spec,
          status: { phase, capacity, allocatedResourceStatuses },
        };
      }
      case 'Shard': {
        if (!full.spec) return object;
        const kept = Object.entries(full.spec).filter(([key]) => !UNUSED.includes(key));
        return { ...object, spec: Object.fromEntries(kept) };
      }
      default:
        return object;
    }
  };
}
