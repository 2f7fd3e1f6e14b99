import { compact } from '../../schemas/compact.ts';
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
import { childLabels, childMeta, projectAnnotation } from '../builders/meta.ts';
import { zoneLabels } from '../builders/place.ts';
import { pullAnnotations } from '../builders/pull.ts';
import { imageOf, type ClusterScope } from './scope.ts';

const API_VERSION = 'multigres.com/v1alpha1';

/** The cluster's own global etcd; none when the topology is external. */
export const globalTopoServer = (scope: ClusterScope): TopoServer[] => {
  const { resolved, id } = scope;
  if (resolved.globalTopo.kind === 'external') return [];
  const { etcd, pvcDeletionPolicy, placement } = resolved.globalTopo;
  const { pvcDeletionPolicy: _, ...rest } = etcd;
  const name = names.globalTopo(id.cluster);
  return [
    {
      apiVersion: API_VERSION,
      kind: 'TopoServer',
      metadata: childMeta(
        id,
        name,
        childLabels(id, COMPONENTS.globalTopo, { [LABELS.toposerver]: name }),
        { ...projectAnnotation(id), ...pullAnnotations(scope.pull) },
      ),
      spec: compact({ etcd: rest, pvcDeletionPolicy, placement }),
    },
  ];
};

const cellObject = (scope: ClusterScope, cell: ResolvedCell): Cell => {
  const { resolved, id } = scope;
  return {
    apiVersion: API_VERSION,
    kind: 'Cell',
    metadata: childMeta(
      id,
      names.cell(id.cluster, cell.name),
      childLabels(id, COMPONENTS.cell, { [LABELS.cell]: cell.name, ...zoneLabels(cell) }),
      projectAnnotation(id),
    ),
    spec: compact({
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
    }),
  };
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
  const shards = tg.shards.map(withoutTemplate);
  return {
    apiVersion: API_VERSION,
    kind: 'TableGroup',
    metadata: childMeta(
      id,
      names.tableGroup(id.cluster, database.name, tg.name),
      childLabels(id, COMPONENTS.tablegroup, {
        [LABELS.database]: database.name,
        [LABELS.tablegroup]: tg.name,
      }),
      { ...projectAnnotation(id), ...scope.handedDown },
    ),
    spec: compact({
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
      shards,
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
    }),
  };
};

export const tableGroupObjects = (scope: ClusterScope): KubeObject[] =>
  scope.resolved.databases.flatMap((database) =>
    database.tablegroups.map((tg) => tableGroupObject(scope, database, tg)),
  );
