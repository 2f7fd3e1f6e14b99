import type { KubeObject } from '../../schemas/k8s.ts';
import { cellNodeSelector, COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import type {
  ResolvedCell,
  ResolvedDatabase,
  ResolvedShard,
  ResolvedTableGroup,
} from '../../schemas/resolve/types.ts';
import type { Cell, TableGroup, TableGroupShard, TopoServer } from '../../schemas/types.ts';
import { childLabels, ownChild } from '../builders/meta.ts';
import { zoneLabels } from '../builders/place.ts';
import { pullAnnotations } from '../builders/pull.ts';
import { imageOf, type ClusterScope } from './scope.ts';

/** The cluster's own global etcd; none when the topology is external. */
export const globalTopoServer = (scope: ClusterScope): TopoServer[] => {
  const { resolved, id } = scope;
  if (resolved.globalTopo.kind === 'external') return [];
  const { etcd: resolvedEtcd, pvcDeletionPolicy, placement } = resolved.globalTopo;
  const { pvcDeletionPolicy: _, ...etcd } = resolvedEtcd;
  const name = names.globalTopo(id.cluster);
  const labels = childLabels(id, COMPONENTS.globalTopo, { [LABELS.toposerver]: name });
  const annotations = pullAnnotations(scope.pull);
  const spec = { etcd, pvcDeletionPolicy, placement };
  return [ownChild(id, 'TopoServer', { name, labels, annotations }, spec)];
};

const cellObject = (scope: ClusterScope, cell: ResolvedCell): Cell => {
  const { resolved, id } = scope;
  const name = names.cell(id.cluster, cell.name);
  const own = { [LABELS.cell]: cell.name, ...zoneLabels(cell) };
  return ownChild(
    id,
    'Cell',
    { name, labels: childLabels(id, COMPONENTS.cell, own) },
    {
      name: cell.name,
      zoneId: cell.zoneId,
      region: cell.region,
      images: { ...scope.imagePull, multigateway: imageOf(scope, 'multigateway') },
      multigateway: cell.gateway,
      multigatewayPlacement: cell.gatewayPlacement,
      globalTopoServer: resolved.topoRef,
      topoServer: cell.localTopo,
      allCells: resolved.cells.map(({ name }) => name),
      topologyReconciliation: { registerCell: true, prunePoolers: resolved.topologyPruning },
      observability: resolved.observability,
      logLevels: resolved.logLevels,
      internalTLS: resolved.internalTLS,
      certCommonName: resolved.certCommonName,
    },
  );
};

export const cellObjects = (scope: ClusterScope): Cell[] =>
  scope.resolved.cells.map((cell) => cellObject(scope, cell));

/** Which template a shard came from is the cluster's business. */
const withoutTemplate = (shard: ResolvedShard): TableGroupShard => {
  const { template: _, ...own } = shard;
  return own;
};

const tableGroupObject = (
  scope: ClusterScope,
  database: ResolvedDatabase,
  tg: ResolvedTableGroup,
): TableGroup => {
  const { resolved, id } = scope;
  const name = names.tableGroup(id.cluster, database.name, tg.name);
  const own = { [LABELS.database]: database.name, [LABELS.tablegroup]: tg.name };
  const labels = childLabels(id, COMPONENTS.tablegroup, own);
  return ownChild(
    id,
    'TableGroup',
    { name, labels, annotations: scope.handedDown },
    {
      databaseName: database.name,
      tableGroupName: tg.name,
      default: tg.default,
      images: {
        ...scope.imagePull,
        multiorch: imageOf(scope, 'multiorch'),
        multipooler: imageOf(scope, 'multipooler'),
        postgres: imageOf(scope, 'postgres'),
      },
      globalTopoServer: resolved.topoRef,
      shards: tg.shards.map(withoutTemplate),
      pvcDeletionPolicy: tg.pvcDeletionPolicy,
      internalTLS: resolved.internalTLS,
      observability: resolved.observability,
      logLevels: resolved.logLevels,
      backup: tg.backup,
      topologyPruning: { enabled: resolved.topologyPruning },
      cellTopologyLabels: Object.fromEntries(
        resolved.cells.map((cell) => [cell.name, cellNodeSelector(cell)]),
      ),
      durabilityPolicy: database.durabilityPolicy,
      postgresSuperuser: resolved.postgresSuperuser,
      postgresPasswordSecretRef: resolved.postgresPasswordSecretRef,
    },
  );
};

export const tableGroupObjects = (scope: ClusterScope): KubeObject[] =>
  scope.resolved.databases.flatMap((database) =>
    database.tablegroups.map((tg) => tableGroupObject(scope, database, tg)),
  );
