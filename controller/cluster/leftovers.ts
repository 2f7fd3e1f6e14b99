/** What a cluster leaves in topology servers that others run, from its spec or else from its status. Pure. */
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import { endpointsOf } from '../../schemas/resolve/topo-ref.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, PvcPolicy, TopoRef } from '../../schemas/types.ts';

export interface TopologyAt {
  endpoints: string[];
  root: string;
}

export interface ToRemove {
  global?: TopologyAt;
  cells: { name: string; at?: TopologyAt }[];
  shards: { database: string; tableGroup: string; shard: string; retained: boolean }[];
  /** With the names of Secrets, where it is known. */
  ref?: TopoRef;
}

/** Whether records would stay behind: the only reason to keep a cluster that is to go. */
export const leavesRecords = ({ topologyPruning, globalTopo, cells }: ResolvedCluster): boolean =>
  topologyPruning &&
  (globalTopo.kind === 'external' || cells.some(({ localTopo }) => localTopo?.external));

const retains = (policies: readonly (PvcPolicy | undefined)[]): boolean =>
  policies.some((policy) => effectivePvcPolicy(policy, undefined).whenDeleted === 'Retain');

/** As the spec has it. */
export const toRemove = (resolved: ResolvedCluster): ToRemove => {
  const { globalTopo, cells, databases, topoRef } = resolved;
  const global =
    globalTopo.kind === 'external'
      ? { endpoints: globalTopo.external.endpoints, root: globalTopo.external.rootPath }
      : undefined;
  return {
    ...(global ? { global } : {}),
    ref: topoRef,
    cells: cells.map(({ name, localTopo }) => {
      const { external, etcd } = localTopo ?? {};
      if (etcd) return { name };
      const at = external ? { endpoints: external.endpoints, root: external.rootPath } : global;
      return { name, ...(at ? { at } : {}) };
    }),
    shards: databases.flatMap((database) =>
      database.tablegroups.flatMap((group) =>
        group.shards.map(({ name, pools, pvcDeletionPolicy }) => ({
          database: database.name,
          tableGroup: group.name,
          shard: name,
          retained: retains(
            Object.values(pools).map((pool) =>
              effectivePvcPolicy(pool.pvcDeletionPolicy, pvcDeletionPolicy),
            ),
          ),
        })),
      ),
    ),
  };
};

/** As the status has it: for a spec whose templates are gone. The address of a cell's own topology is not in it. */
export const toRemoveByStatus = ({ status }: MultigresCluster): ToRemove => {
  const { globalTopoServer, cells = {}, shards = {} } = status?.resolved ?? {};
  const external = globalTopoServer !== undefined && globalTopoServer.replicas === undefined;
  const global = external
    ? { endpoints: endpointsOf(globalTopoServer.address), root: globalTopoServer.rootPath }
    : undefined;
  return {
    ...(global ? { global } : {}),
    cells: Object.entries(cells).map(([name, { localTopoServer }]) => ({
      name,
      ...(global && !localTopoServer ? { at: global } : {}),
    })),
    shards: Object.entries(shards).map(([key, { pools }]) => {
      const [database = '', tableGroup = '', shard = ''] = key.split('/');
      const retained = retains(Object.values(pools).map((pool) => pool.pvcDeletionPolicy));
      return { database, tableGroup, shard, retained };
    }),
  };
};
