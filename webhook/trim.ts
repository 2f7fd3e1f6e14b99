/** What the webhook keeps of each object in memory: what some policy looks at, and no more. */
import { trim } from '../kube/transform.ts';
import type { KubeObject } from '../schemas/k8s.ts';
import type { ShardSpec } from '../schemas/types.ts';

type Metadata = KubeObject['metadata'];

/** Removes all but `keep` from the labels. */
function withLabels(metadata: Metadata, keep: (key: string) => boolean): Metadata {
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = metadata;
  const labels = Object.fromEntries(
    Object.entries(metadata.labels ?? {}).filter(([key]) => keep(key)),
  );
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    labels,
  };
}

const OURS = 'multigres.com/';
const TOPOLOGY = /^(topology\.|kubernetes\.io\/hostname$)/;

interface ClaimStatus {
  phase?: string;
  capacity?: Record<string, string>;
  allocatedResourceStatuses?: Record<string, string>;
}
interface NodeSpec {
  unschedulable?: boolean;
  taints?: { key: string; value?: string; effect: string }[];
}
interface ClassFields {
  provisioner?: string;
  allowVolumeExpansion?: boolean;
  volumeBindingMode?: string;
}

/** Parts of the spec of a Shard that no policy looks at. */
const UNUSED = ['images', 'observability', 'logLevels', 'internalTLS', 'postgresConfig'];

/** Of the spec of a Shard: what runs and how safe it is. */
function shardSpec(spec: ShardSpec): Partial<ShardSpec> {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !UNUSED.includes(key)));
}

/** A function for `Store`: trims objects of the kinds that policies know of. Pure. */
export function trimForPolicies(zoneLabels: readonly string[]): (object: KubeObject) => KubeObject {
  const zones = new Set(zoneLabels);
  return (full) => {
    const object = trim(full);
    switch (object.kind) {
      case 'Node': {
        const { unschedulable, taints } = (full.spec ?? {}) as NodeSpec;
        const metadata = withLabels(full.metadata, (key) => zones.has(key) || TOPOLOGY.test(key));
        const spec = {
          ...(unschedulable ? { unschedulable } : {}),
          ...(taints
            ? { taints: taints.map(({ key, value, effect }) => ({ key, value, effect })) }
            : {}),
        };
        return { apiVersion: full.apiVersion, kind: full.kind, metadata, spec };
      }
      case 'StorageClass': {
        const { provisioner, allowVolumeExpansion, volumeBindingMode } = full as ClassFields;
        const { apiVersion, kind, metadata } = object;
        return {
          apiVersion,
          kind,
          metadata,
          provisioner,
          allowVolumeExpansion,
          volumeBindingMode,
        } as KubeObject;
      }
      case 'PersistentVolumeClaim': {
        const status = (full.status ?? {}) as ClaimStatus;
        return {
          apiVersion: full.apiVersion,
          kind: full.kind,
          metadata: withLabels(full.metadata, (key) => key.startsWith(OURS)),
          spec: full.spec,
          status: {
            phase: status.phase,
            capacity: status.capacity,
            allocatedResourceStatuses: status.allocatedResourceStatuses,
          },
        };
      }
      case 'Shard': {
        const spec = full.spec as ShardSpec | undefined;
        return { ...object, ...(spec ? { spec: shardSpec(spec) } : {}) };
      }
      default:
        return object;
    }
  };
}
