import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { DesiredPod, ShardChildren } from '../../../controller/shard/desired/index.ts';
import { cellOf, podOf, objectOf, indexOf } from './basics.ts';
import type { NodeNote, World } from './notes.ts';
import { NOW } from './notes.ts';

export const desiredOf = (name: string): DesiredPod => ({
  name,
  pool: 'default',
  cell: cellOf(name),
  index: indexOf(name),
  serviceId: names.poolerId(name),
  pod: podOf(name, 'new'),
  pvc: objectOf('PersistentVolumeClaim', `data-${name}`),
  service: objectOf('Service', name),
});

export const nodesOf = (world: World & { members: string[] }): Map<string, KubeObject> => {
  const all = [...world.members, ...Object.keys(world.pods ?? {})];
  const notes = world.healthy
    ? { ...Object.fromEntries(all.map((name) => [`node-${name.charAt(0)}`, null])), ...world.nodes }
    : (world.nodes ?? Object.fromEntries(all.map((name) => [`node-${name.charAt(0)}`, null])));
  return new Map(
    Object.entries(notes).map(([name, note]: [string, NodeNote | null]) => {
      const taints = note?.outOfService ? [{ key: 'node.kubernetes.io/out-of-service' }] : [];
      const since = new Date(NOW - (note?.silent ?? 3600) * 1000).toISOString();
      const status = note?.silent === undefined ? 'True' : 'Unknown';
      return [
        name,
        {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name },
          spec: { taints, ...(note?.cordoned ? { unschedulable: true } : {}) },
          status: { conditions: [{ type: 'Ready', status, lastTransitionTime: since }] },
        },
      ];
    }),
  );
};

export const ORCHESTRATOR_LABELS = { [LABELS.component]: 'multiorch' };

export const orchestrator = (ready: boolean): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'orch', generation: 1, labels: ORCHESTRATOR_LABELS },
  spec: { replicas: 1 },
  status: { observedGeneration: 1, readyReplicas: ready ? 1 : 0 },
});

export const orchestratorPod = (ready: boolean): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'orch-1', labels: ORCHESTRATOR_LABELS },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

export const statusBefore = (world: World): Shard['status'] | undefined => {
  const { before, leaderless } = world;
  if (!before && leaderless === undefined) return undefined;
  const at = new Date(NOW - (leaderless ?? 0) * 1000).toISOString();
  const conditions =
    leaderless === undefined
      ? (before?.conditions ?? [])
      : [
          {
            type: 'Available',
            status: 'False' as const,
            reason: 'NoPrimary',
            message: '',
            lastTransitionTime: at,
          },
        ];
  return { orchReady: true, poolsReady: true, ...before, conditions };
};

export const shardOf = (world: World & { members: string[] }): Shard => {
  const status = statusBefore(world);
  const annotations = {
    ...(world.pending ? { [ANNOTATIONS.pendingDeletion]: '2026-01-02T03:04:05Z' } : {}),
    ...(world.switchover ? { [ANNOTATIONS.switchover]: world.switchover } : {}),
  };
  return {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'Shard',
    metadata: { name: 's', namespace: 'ns', uid: 'shard', generation: 1, annotations },
    spec: {
      databaseName: 'postgres',
      tableGroupName: 'default',
      shardName: '0-inf',
      images: { multiorch: 'o', multipooler: 'p', postgres: 'g' },
      globalTopoServer: { address: 'topo:2379', rootPath: '/r', implementation: 'etcd' },
      multiorch: {},
      pools: { default: { cells: [...new Set(world.members.map(cellOf))] } },
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
      pvcDeletionPolicy: { whenDeleted: 'Retain', whenScaled: world.whenScaled ?? 'Retain' },
    },
    ...(status ? { status } : {}),
  };
};

export const childrenOf = (world: World & { members: string[] }): ShardChildren => ({
  objects: [objectOf('ConfigMap', 'settings'), orchestrator(true)],
  pods: world.members.map(desiredOf),
  config: {
    text: '',
    expected: {},
    restartHash: 'r',
    reloadHash: 'l',
    maxConnections: 60,
    floorNote: 'max_connections=60',
    kept: [],
  },
});
