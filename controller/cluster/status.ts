import type { Condition, KubeObject, Pod } from '../../schemas/k8s.ts';

import type { ImageResolution } from '../../schemas/images.ts';
import type { Problem } from '../../schemas/problem.ts';
import { problemText } from '../../schemas/problem.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type {
  Cell,
  MultigresCluster,
  MultigresClusterStatus,
  Phase,
  Shard,
  TableGroup,
  TopoServer,
} from '../../schemas/types.ts';
import { condition, findCondition, isTrue } from '../observe/conditions.ts';
import { isReady } from '../observe/pods.ts';
import { isFresh } from '../tablegroup/status.ts';
import { leftBehindCondition, type LeftBehind } from '../toposerver/left-behind.ts';
import { externalStatus } from './external.ts';
import { resolvedStatus } from './resolved.ts';
import { shardSummaries } from './shard-summary.ts';
import type { TopologyState } from './topology.ts';

export interface ClusterObserved {
  /** Per kind only the children that the spec asks for; undefined while one does not exist. */
  topo: TopoServer | undefined;
  cells: ReadonlyMap<string, Cell | undefined>;
  tableGroups: ReadonlyMap<string, TableGroup | undefined>;
  shards: readonly Shard[];
  services: { gateway: KubeObject | undefined; adminWeb: KubeObject | undefined };
  adminWebPods: readonly Pod[];
  /** Children that are not in the spec any more and still exist. */
  leaving: readonly string[];
}

export interface ClusterStatusInput {
  cluster: MultigresCluster;
  resolved: ResolvedCluster;
  notes: readonly Problem[];
  images: Extract<ImageResolution, { ok: true }>;
  observed: ClusterObserved;
  topology: TopologyState;
  /** What the API server does not take of the cluster's own Deployments. */
  refusals?: readonly string[];
  /** An etcd that the spec does not ask for any more and that is still in use. */
  leftBehind?: LeftBehind;
  failure?: string;
}

interface Child {
  what: string;
  object: { metadata: { generation?: number }; status?: ChildStatus } | undefined;
}
interface ChildStatus {
  observedGeneration?: number;
  phase?: Phase;
  message?: string;
  conditions?: Condition[];
}

interface Children {
  topo: Child[];
  cells: Child[];
  tableGroups: Child[];
}

const childrenOf = ({ observed, resolved }: ClusterStatusInput): Children => ({
  topo: resolved.globalTopo.kind === 'etcd' ? [{ what: 'etcd', object: observed.topo }] : [],
  cells: [...observed.cells].map(([name, object]) => ({ what: `cell ${name}`, object })),
  tableGroups: [...observed.tableGroups].map(([name, object]) => ({
    what: `table group ${name}`,
    object,
  })),
});

const phaseOf = (input: ClusterStatusInput, children: readonly Child[]): Phase => {
  const fresh = children.filter(({ object }) => object && isFresh(object));
  if (fresh.some(({ object }) => object?.status?.phase === 'Degraded')) return 'Degraded';
  const healthy = fresh.filter(({ object }) => object?.status?.phase === 'Healthy');
  const settled =
    healthy.length === children.length &&
    input.topology.registered &&
    input.observed.leaving.length === 0 &&
    input.leftBehind === undefined;
  return settled ? 'Healthy' : 'Progressing';
};

/** The first clause: what is behind it stands in the child's own status. */
const brief = (message: string): string => message.split('; ', 1)[0] ?? '';

const isDegraded = ({ object }: Child): boolean => object?.status?.phase === 'Degraded';

/** Those that degrade the whole come first: the sentence has room for few. */
const waitingOn = (children: readonly Child[]): string[] =>
  children
    .toSorted((a, b) => Number(isDegraded(b)) - Number(isDegraded(a)))
    .flatMap(({ what, object }) => {
      if (!object) return [`${what} is being created`];
      if (!isFresh(object)) return [`${what} has not taken over its new specification`];
      const { phase, message } = object.status ?? {};
      if (phase === 'Healthy') return [];
      const text = brief(message ?? phase ?? 'starting');
      return [phase === 'Degraded' ? `${what} is degraded: ${text}` : `${what}: ${text}`];
    });

/** Cells in one clause, so that fifty of them still leave room for what follows. */
const waitingOnCells = (children: readonly Child[]): string[] => {
  const waiting = waitingOn(children);
  const [first, ...others] = waiting;
  if (first === undefined || others.length === 0) return waiting;
  return [`${children.length - waiting.length} of ${children.length} cells ready (${first})`];
};

const waitingOnShards = ({ observed }: ClusterStatusInput): string[] =>
  waitingOn(observed.shards.map((object) => ({ what: `shard ${object.spec?.shardName}`, object })));

/** An etcd of ours that is not up yet has said so itself. */
const topologyText = ({ topology }: ClusterStatusInput, { topo }: Children): string[] => {
  if (topology.registered || topology.message === undefined) return [];
  if (topology.unavailable && waitingOn(topo).length > 0) return [];
  return [`topology records: ${topology.message}`];
};

const MESSAGE_PARTS = 4;

const messageOf = (input: ClusterStatusInput, children: Children): string => {
  const { observed, failure, leftBehind } = input;
  const shards = waitingOnShards(input);
  const parts = [
    ...(failure === undefined ? [] : [failure]),
    ...(input.refusals ?? []),
    ...waitingOn(children.topo),
    ...waitingOnCells(children.cells),
    // a shard says more than the table group that counts it
    ...(shards.length > 0 ? shards : waitingOn(children.tableGroups)),
    ...topologyText(input, children),
    ...(observed.leaving.length > 0 ? [`removing ${observed.leaving.join(', ')}`] : []),
    ...(leftBehind ? [`${leftBehind.name} stays for now: ${leftBehind.refusal}`] : []),
  ];
  if (parts.length > 0) return parts.slice(0, MESSAGE_PARTS).join('; ');
  const serving = observed.shards.filter((shard) => isTrue(shard.status?.conditions, 'Available'));
  return `${observed.cells.size} cells ready, ${serving.length} of ${observed.shards.length} shards serving`;
};

const available = (input: ClusterStatusInput, message: string): Condition => {
  const { cells, tableGroups } = input.observed;
  const all = [...cells.values(), ...tableGroups.values()];
  const ok = cells.size > 0 && all.every((child) => isTrue(child?.status?.conditions, 'Available'));
  const { generation } = input.cluster.metadata;
  return condition('Available', ok, 'AggregatedStatus', message, generation);
};

const topologyCondition = (input: ClusterStatusInput): Condition => {
  const { topology, cluster } = input;
  const { generation } = cluster.metadata;
  const type = 'TopologyRegistered';
  if (topology.registered) {
    const refused = topology.pruned?.refused ?? [];
    const text =
      refused.length > 0
        ? `All records are written; kept: ${refused.map(({ key, reason }) => `${key} (${reason})`).join(', ')}`
        : 'All records are written';
    return condition(type, true, 'Registered', text, generation);
  }
  const reason = topology.unavailable ? 'TopologyUnavailable' : 'TopologyError';
  return condition(type, false, reason, topology.message ?? 'not written yet', generation);
};

/** What children report of things that somebody has to act on. */
const RAISED = ['RolloutPending', 'RollingUpdate', 'ScalingDown', 'PodsStuck'] as const;

/** Children of any kind with something that could not be written. */
const refused = ({ cluster, observed }: ClusterStatusInput): Condition[] => {
  const children = [
    observed.topo,
    ...observed.cells.values(),
    ...observed.tableGroups.values(),
    ...observed.shards,
  ];
  const texts = children.flatMap((child) => {
    const entry = findCondition(child?.status?.conditions, 'ChildrenRefused');
    return entry?.status === 'True' ? [entry.message] : [];
  });
  if (texts.length === 0) return [];
  const { generation } = cluster.metadata;
  return [condition('ChildrenRefused', true, 'OfChildren', texts.join('; '), generation)];
};

const raised = (input: ClusterStatusInput): Condition[] => {
  const { generation } = input.cluster.metadata;
  const conditions = RAISED.flatMap((type) => {
    const found = input.observed.shards.flatMap((shard) => {
      const entry = findCondition(shard.status?.conditions, type);
      return entry?.status === 'True' ? [{ shard, entry }] : [];
    });
    const [first] = found;
    if (!first) return [];
    const text = found
      .map(({ shard, entry }) => `${shard.metadata.name}: ${entry.message}`)
      .join('; ');
    return [condition(type, true, first.entry.reason, text, generation)];
  });
  const secrets = input.observed.shards.flatMap((shard) => {
    const entry = findCondition(shard.status?.conditions, 'SecretsReady');
    return entry?.status === 'False' ? [entry.message] : [];
  });
  if (secrets.length > 0) {
    const text = [...new Set(secrets)].join('; ');
    conditions.push(condition('SecretsReady', false, 'SecretMissing', text, generation));
  }
  return conditions;
};

const keptCondition = (input: ClusterStatusInput): Condition[] => {
  if (input.notes.length === 0) return [];
  const text = input.notes.map(problemText).join('; ');
  const { generation } = input.cluster.metadata;
  return [condition('RunningValuesKept', true, 'NotAuthored', text, generation)];
};

const databasesOf = ({ observed, resolved }: ClusterStatusInput) =>
  Object.fromEntries(
    resolved.databases.map((database) => {
      const groups = [...observed.tableGroups.values()].filter(
        (group) => group?.spec?.databaseName === database.name,
      );
      const readyShards = groups.reduce((sum, group) => sum + (group?.status?.readyShards ?? 0), 0);
      const totalShards = database.tablegroups.reduce((sum, { shards }) => sum + shards.length, 0);
      return [database.name, { readyShards, totalShards }];
    }),
  );

const cellsOf = ({ observed }: ClusterStatusInput) =>
  Object.fromEntries(
    [...observed.cells].map(([name, cell]) => [
      name,
      {
        ready: cell !== undefined && isFresh(cell) && isTrue(cell.status?.conditions, 'Ready'),
        gatewayReplicas: cell?.status?.gatewayReplicas ?? 0,
      },
    ]),
  );

/** The whole status of a cluster, from what was observed. Pure. */
export const clusterStatus = (input: ClusterStatusInput): MultigresClusterStatus => {
  const { cluster, images, resolved } = input;
  const { generation } = cluster.metadata;
  const children = childrenOf(input);
  const message = messageOf(input, children);
  const external = externalStatus({
    resolved,
    services: input.observed.services,
    gatewaysReady: [...input.observed.cells.values()].some(
      (cell) => (cell?.status?.gatewayReadyReplicas ?? 0) > 0,
    ),
    adminWebReady: input.observed.adminWebPods.some(isReady),
    generation,
  });
  const { status, reason, message: text } = images.condition;
  const { core, cell, shard } = resolved.templatesUsed;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: phaseOf(input, [...children.topo, ...children.cells, ...children.tableGroups]),
    message,
    cells: cellsOf(input),
    databases: databasesOf(input),
    shards: shardSummaries(input.observed.shards),
    ...external.status,
    images: images.status,
    resolved: resolvedStatus(resolved),
    resolvedTemplates: { coreTemplates: core, cellTemplates: cell, shardTemplates: shard },
    conditions: [
      available(input, message),
      topologyCondition(input),
      condition('ImageRolloutPending', status === 'True', reason, text, generation),
      ...external.conditions,
      ...raised(input),
      ...refused(input),
      ...keptCondition(input),
      ...leftBehindCondition(input.leftBehind, generation),
    ],
  };
};

/** Status of a cluster that cannot be acted on: everything else stays as it was. */
export const refusedStatus = (
  cluster: MultigresCluster,
  problems: readonly Problem[],
): MultigresClusterStatus => {
  const { generation } = cluster.metadata;
  const text = problems.map(problemText).join('; ');
  const before = (cluster.status?.conditions ?? []).filter(({ type }) => type !== 'TerminalError');
  return {
    ...cluster.status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: cluster.status?.phase ?? 'Progressing',
    message: `nothing is changed: ${text}`,
    conditions: [...before, condition('TerminalError', true, 'InvalidSpec', text, generation)],
  };
};
