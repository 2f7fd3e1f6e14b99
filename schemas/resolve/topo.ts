import { compact } from '../compact.ts';
import { PORTS } from '../ports.ts';
import type * as api from '../types.ts';
import { BUILTIN } from './builtin.ts';
import { mergeEtcd, mergePlacement } from './merge.ts';
import { inheritPvcPolicy, pvcPolicyAsStored } from './pvc-policy.ts';
import type {
  ResolvedEtcd,
  ResolvedExternalTopo,
  ResolvedGlobalTopo,
  ResolvedLocalTopo,
} from './types.ts';

const completeEtcd = (etcd: api.Etcd, rootPath: string): ResolvedEtcd =>
  compact({
    image: etcd.image,
    replicas: etcd.replicas ?? BUILTIN.etcd.replicas,
    storage: { ...etcd.storage, size: etcd.storage?.size || BUILTIN.etcd.size },
    resources: etcd.resources ?? BUILTIN.etcd.resources,
    rootPath: etcd.rootPath || rootPath,
    pvcDeletionPolicy: pvcPolicyAsStored(etcd.pvcDeletionPolicy),
  });

const completeExternal = (external: api.ExternalTopo, rootPath: string): ResolvedExternalTopo => ({
  ...external,
  implementation: external.implementation || BUILTIN.topoImplementation,
  rootPath: external.rootPath || rootPath,
});

/** `clusterPolicy`: what the claims inherit where neither etcd nor the topology block says it. */
export const resolveGlobalTopo = (
  inline: api.GlobalTopo | undefined,
  template: api.TopoServerSpec | undefined,
  clusterPolicy: Required<api.PvcPolicy>,
): ResolvedGlobalTopo => {
  if (inline?.external) {
    return {
      kind: 'external',
      external: completeExternal(inline.external, BUILTIN.globalRootPath),
    };
  }
  const merged = mergeEtcd(template?.etcd, inline?.etcd);
  const { pvcDeletionPolicy, ...etcd } = completeEtcd(merged, BUILTIN.globalRootPath);
  const ofBlock = inheritPvcPolicy(
    inline?.pvcDeletionPolicy ?? template?.pvcDeletionPolicy,
    clusterPolicy,
  );
  const placement: api.Placement | undefined = mergePlacement(
    template?.placement,
    inline?.placement,
  );
  return {
    kind: 'etcd',
    etcd,
    pvcDeletionPolicy: inheritPvcPolicy(pvcDeletionPolicy, ofBlock),
    ...(placement && { placement }),
  };
};

/**
 * A cell's own topology: the inline block replaces the template's as a whole. What holds for its volumes
 * is its own word or the cluster's.
 */
export const resolveLocalTopo = (
  inline: api.LocalTopo | undefined,
  template: api.LocalTopo | undefined,
  cell: string,
  clusterPolicy: Required<api.PvcPolicy>,
): ResolvedLocalTopo | undefined => {
  const { external, etcd } = inline ?? template ?? {};
  const rootPath = BUILTIN.localRootPath(cell);
  if (external) return { external: completeExternal(external, rootPath) };
  if (!etcd) return undefined;
  const pvcDeletionPolicy = inheritPvcPolicy(etcd.pvcDeletionPolicy, clusterPolicy);
  return { etcd: { ...completeEtcd(etcd, rootPath), pvcDeletionPolicy } };
};

/** `<topo server>.<namespace>.svc:2379`, without a scheme as the runtime wants it. */
export const topoAddress = (topoServer: string, namespace: string): string =>
  `${topoServer}.${namespace}.svc:${PORTS.etcd.client}`;
