/** A shard in a few lines of YAML -> what the planner and the status see of it. */
import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { POLICIES } from '../../schemas/durability.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../schemas/labels.ts';
import type { Shard, ShardStatus } from '../../schemas/types.ts';
import type { DataPlane, Member } from '../../controller/shard/gather/data-plane.ts';
import type { DesiredPod } from '../../controller/shard/desired/index.ts';
import type { PodTrace } from '../../controller/shard/gather/cache.ts';
import type { PlanInput } from '../../controller/shard/plan/plan.ts';
import type { PoolerView } from '../../controller/shard/state/roles.ts';
import type { StatusResponse } from '../../controller/rpc/types.ts';
import type { LifecycleStatus, Multipooler, RuleNumber } from '../../controller/topo/types.ts';

export const NOW = Date.parse('2026-01-02T03:04:05Z');

interface PodNote {
  ready?: boolean;
  phase?: string;
  /** Reason for which its container waits. */
  waiting?: string;
  unschedulable?: string;
  /** Seconds since the end of its grace period; negative while it runs. */
  terminating?: number;
  oldSpec?: boolean;
  wrongLabel?: boolean;
}
interface PoolerNote {
  role?: 'PRIMARY' | 'REPLICA';
  /** `term.subterm` in its record. */
  rule?: string;
  lifecycle?: string;
  serving?: 'SERVING' | 'DRAINING' | 'DISABLED';
  /** What it answers: nothing, as leader, as streaming standby, or something in between. */
  answers?: 'primary' | 'standby' | 'detached' | 'first-backup' | 'restoring';
}

/** Members are called by a letter: pod `a`, pooler `p-a`, cell `zone-a`, node `node-a`. */
export interface World {
  members: string[];
  /** Pods that exist; a name alone is a ready one. */
  pods?: Record<string, PodNote | null>;
  poolers?: Record<string, PoolerNote | null>;
  /** Decided rule that every answering pooler knows. */
  rule?: { leader: string; number: string; cohort: string[]; policy?: string };
  /** The status written before. */
  before?: Partial<ShardStatus>;
  nodes?: Record<string, { outOfService?: boolean } | null>;
  traces?: Record<string, Partial<PodTrace>>;
  /** Seconds since a pod was first missing. */
  missing?: Record<string, number>;
  topologyError?: string;
  unregisteredCells?: string[];
  /** No look at the data plane was taken. */
  unread?: boolean;
  blocked?: string;
  secrets?: string[];
  orchReady?: boolean;
  pending?: boolean;
}

const ruleOf = (text: string): RuleNumber => {
  const [coordinator_term = '0', leader_subterm = '0'] = text.split('.');
  return { coordinator_term, leader_subterm };
};
const cellOf = (name: string): string => `zone-${name.charAt(0)}`;
const idOf = (name: string) => ({
  component: 'MULTIPOOLER' as const,
  cell: cellOf(name),
  name: `p-${name}`,
});

const labels = { [LABELS.managedBy]: MANAGED_BY, [LABELS.pool]: 'default' };

const podOf = (name: string, hash: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'ns',
    labels,
    annotations: { [ANNOTATIONS.specHash]: hash },
  },
  spec: { containers: [{ name: 'multipooler', image: 'multipooler:1' }] },
});

const objectOf = (kind: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'ns', labels },
  spec: {},
});

const desiredOf = (name: string): DesiredPod => ({
  name,
  pool: 'default',
  cell: cellOf(name),
  index: 0,
  serviceId: `p-${name}`,
  pod: podOf(name, 'new'),
  pvc: objectOf('PersistentVolumeClaim', `data-${name}`),
  service: objectOf('Service', name),
  pvcPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' },
});

const conditionsOf = (note: PodNote) => [
  { type: 'Ready', status: note.ready === false || note.waiting ? 'False' : 'True' },
  ...(note.unschedulable
    ? [{ type: 'PodScheduled', status: 'False', message: note.unschedulable }]
    : []),
];

const observedPod = (name: string, note: PodNote): Pod => {
  const pod = podOf(name, note.oldSpec ? 'old' : 'new');
  const at = new Date(NOW - (note.terminating ?? 0) * 1000).toISOString();
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      uid: `uid-${name}`,
      labels: note.wrongLabel ? { ...labels, [LABELS.pool]: 'wrong' } : labels,
      ownerReferences: [
        { apiVersion: 'x', kind: 'Shard', name: 's', uid: 'shard', controller: true },
      ],
      ...(note.terminating === undefined ? {} : { deletionTimestamp: at }),
    },
    spec: { containers: [], ...pod.spec, nodeName: `node-${name.charAt(0)}` },
    status: {
      phase: note.phase ?? 'Running',
      conditions: conditionsOf(note),
      ...(note.waiting
        ? {
            containerStatuses: [
              {
                name: 'multipooler',
                ready: false,
                restartCount: 0,
                state: { waiting: { reason: note.waiting } },
              },
            ],
          }
        : {}),
    },
  };
};

const recordOf = (name: string, note: PoolerNote): Multipooler => {
  const gone = note.lifecycle === 'SHUTDOWN';
  return {
    id: idOf(name),
    hostname: `${name}.ns.svc`,
    port_map: { grpc: 15270 },
    serving_status: note.serving ?? 'SERVING',
    lifecycle_status: { status: `LIFECYCLE_${note.lifecycle ?? 'ACTIVE'}` as LifecycleStatus },
    ...(gone
      ? {}
      : {
          routing_state: {
            role: note.role === 'PRIMARY' ? 'ROUTING_ROLE_PRIMARY' : 'ROUTING_ROLE_REPLICA',
            ...(note.rule ? { rule: ruleOf(note.rule) } : {}),
          },
        }),
  };
};

const replyOf = (world: World, name: string, note: PoolerNote): StatusResponse | undefined => {
  const decided = world.rule && {
    rule_number: ruleOf(world.rule.number),
    leader_id: idOf(world.rule.leader),
    cohort_members: world.rule.cohort.map(idOf),
    ...(world.rule.policy ? { durability_policy: { policy_name: world.rule.policy } } : {}),
  };
  const consensus_status = decided
    ? { id: idOf(name), current_position: { position: { decision: decided } } }
    : {};
  const reply = (status: StatusResponse['status']): StatusResponse => ({
    ...(status ? { status } : {}),
    consensus_status,
  });
  const seen = { seconds: String(NOW / 1000 - 1) };
  switch (note.answers) {
    case 'primary':
      return reply({
        postgres_ready: true,
        postgres_status: 'POSTGRES_STATUS_PRIMARY',
        primary_status: {
          connected_followers: world.members
            .filter((other) => world.poolers?.[other]?.answers === 'standby')
            .map(idOf),
        },
      });
    case 'standby':
      return reply({
        postgres_ready: true,
        postgres_status: 'POSTGRES_STATUS_STANDBY',
        replication_status: {
          wal_receiver_status: 'streaming',
          last_msg_receive_time: seen,
          primary_conn_info: { host: `${world.rule?.leader ?? '?'}.ns.svc` },
        },
      });
    case 'detached':
      return reply({
        postgres_ready: true,
        postgres_status: 'POSTGRES_STATUS_STANDBY',
        replication_status: {},
      });
    case 'first-backup':
      return reply({
        is_initialized: true,
        postgres_status: 'POSTGRES_STATUS_PRIMARY',
        postgres_action: 'POSTGRES_ACTION_CREATING_FIRST_BACKUP',
      });
    case 'restoring':
      return reply({ postgres_action: 'POSTGRES_ACTION_RESTORING_FROM_BACKUP' });
    case undefined:
      break;
  }
  return undefined;
};

const viewsOf = (world: World): PoolerView[] =>
  world.members.map((name) => {
    const note = world.poolers?.[name];
    const status = note && replyOf(world, name, note);
    return {
      pod: name,
      id: `p-${name}`,
      cell: cellOf(name),
      ...(note && !world.topologyError ? { record: recordOf(name, note) } : {}),
      ...(status ? { status } : {}),
    };
  });

const dataPlaneOf = (world: World): DataPlane => {
  const views = viewsOf(world);
  const kv = {
    key: 'k',
    value: Buffer.alloc(0),
    modRevision: '1',
    createRevision: '1',
    version: '1',
    lease: '0',
  };
  return {
    ...(world.topologyError ? { error: world.topologyError } : {}),
    unregisteredCells: world.unregisteredCells ?? [],
    entries: new Map(
      views.flatMap(({ id, record }) => (record ? [[id, { kv, record }] as const] : [])),
    ),
    views,
  };
};

const nodesOf = (world: World): Map<string, KubeObject> => {
  const all = world.members.map((name) => `node-${name.charAt(0)}`);
  const notes = world.nodes ?? Object.fromEntries(all.map((name) => [name, null]));
  return new Map(
    Object.entries(notes).map(([name, note]) => {
      const taints = note?.outOfService ? [{ key: 'node.kubernetes.io/out-of-service' }] : [];
      return [name, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints } }];
    }),
  );
};

export interface Seen {
  shard: Shard;
  members: Member[];
  plan: PlanInput;
  dataPlane?: DataPlane;
}

export const seen = (world: World): Seen => {
  const shard: Shard = {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'Shard',
    metadata: {
      name: 's',
      namespace: 'ns',
      uid: 'shard',
      generation: 1,
      ...(world.pending
        ? { annotations: { [ANNOTATIONS.pendingDeletion]: '2026-01-02T03:04:05Z' } }
        : {}),
    },
    spec: {
      databaseName: 'postgres',
      tableGroupName: 'default',
      shardName: '0-inf',
      images: { multiorch: 'o', multipooler: 'p', postgres: 'g' },
      globalTopoServer: { address: 'topo:2379', rootPath: '/r', implementation: 'etcd' },
      multiorch: {},
      pools: { default: { cells: [...new Set(world.members.map(cellOf))] } },
      postgresPasswordSecretRef: { name: 'pw', key: 'password' },
    },
    ...(world.before ? { status: { orchReady: true, poolsReady: true, ...world.before } } : {}),
  };
  const pods = new Map(
    Object.entries(world.pods ?? {}).map(([name, note]) => [name, observedPod(name, note ?? {})]),
  );
  const dataPlane = world.unread ? undefined : dataPlaneOf(world);
  return {
    shard,
    members: world.members.map((pod) => ({
      pod,
      id: `p-${pod}`,
      cell: cellOf(pod),
      address: `${pod}.ns.svc:15270`,
      alive: pods.has(pod) && pods.get(pod)?.metadata.deletionTimestamp === undefined,
    })),
    ...(dataPlane ? { dataPlane } : {}),
    plan: {
      owner: shard,
      objects: [objectOf('ConfigMap', 'settings')],
      desired: world.members.map(desiredOf),
      pods,
      claims: new Map(),
      nodes: nodesOf(world),
      traces: new Map(
        Object.entries(world.traces ?? {}).map(([name, trace]) => [
          name,
          { uid: `uid-${name}`, node: `node-${name.charAt(0)}`, terminated: false, ...trace },
        ]),
      ),
      ...(dataPlane ? { dataPlane } : {}),
      lastRoles: world.before?.podRoles ?? {},
      missingSince: new Map(
        Object.entries(world.missing ?? {}).map(([name, s]) => [name, NOW - s * 1000]),
      ),
      policy: POLICIES.AT_LEAST_2,
      backupPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' },
      ...(world.blocked === undefined ? {} : { blocked: world.blocked }),
      nowMs: NOW,
    },
  };
};
