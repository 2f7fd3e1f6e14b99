import type { Condition, KubeObject, Pod } from '../../schemas/k8s.ts';
import type { ImageResolution } from '../../schemas/images.ts';
import { problemText, type Problem } from '../../schemas/problem.ts';
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
import type { AnyStatus } from '../apply/status.ts';
import { asOf, condition, findCondition, isTrue } from '../observe/conditions.ts';
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
  leftBehind?: LeftBehind | undefined;
  failure?: string | undefined;
}

interface Child {
  what: string;
  object: KubeObject<unknown, AnyStatus> | undefined;
}
type Children = ReturnType<typeof childrenOf>;

const childrenOf = ({ observed, resolved }: ClusterStatusInput) => ({
  topo: resolved.globalTopo.kind === 'etcd' ? [{ what: 'etcd', object: observed.topo }] : [],
  cells: [...observed.cells].map(([name, object]) => ({ what: `cell ${name}`, object })),
  tableGroups: [...observed.tableGroups].map(([name, object]) => ({
    what: `table group ${name}`,
    object,
  })),
});

const isDegraded = ({ object }: Child): boolean => object?.status?.phase === 'Degraded';

const phaseOf = (input: ClusterStatusInput, children: readonly Child[]): Phase => {
  const fresh = children.filter(({ object }) => object && isFresh(object));
  if (fresh.some(isDegraded)) return 'Degraded';
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

/** An etcd of ours that is not up yet has said so itself. */
const topologyText = ({ topology }: ClusterStatusInput, { topo }: Children): string[] => {
  if (topology.registered || topology.message === undefined) return [];
  if (topology.unavailable && waitingOn(topo).length > 0) return [];
  return [`topology records: ${topology.message}`];
};

const MESSAGE_PARTS = 4;

const messageOf = (input: ClusterStatusInput, children: Children): string => {
  const { cells, shards, leaving } = input.observed;
  const { failure, refusals = [], leftBehind } = input;
  const waitingShards = waitingOn(
    shards.map((object) => ({ what: `shard ${object.spec?.shardName}`, object })),
  );
  const parts = [
    failure,
    ...refusals,
    ...waitingOn(children.topo),
    ...waitingOnCells(children.cells),
    // a shard says more than the table group that counts it
    ...(waitingShards.length > 0 ? waitingShards : waitingOn(children.tableGroups)),
    ...topologyText(input, children),
    leaving.length > 0 && `removing ${leaving.join(', ')}`,
    leftBehind && `${leftBehind.name} stays for now: ${leftBehind.refusal}`,
  ].filter(Boolean);
  if (parts.length > 0) return parts.slice(0, MESSAGE_PARTS).join('; ');
  const serving = shards.filter((shard) => isTrue(shard.status?.conditions, 'Available'));
  return `${cells.size} cells ready, ${serving.length} of ${shards.length} shards serving`;
};

const available = ({ observed }: ClusterStatusInput, message: string): Condition => {
  const all = [...observed.cells.values(), ...observed.tableGroups.values()];
  const ok = all.every((child) => isTrue(child?.status?.conditions, 'Available'));
  return condition('Available', ok && observed.cells.size > 0, 'AggregatedStatus', message);
};

const topologyCondition = ({ topology }: ClusterStatusInput): Condition => {
  const type = 'TopologyRegistered';
  if (topology.registered) {
    const kept = (topology.pruned?.refused ?? []).map(({ key, reason }) => `${key} (${reason})`);
    const text = `All records are written${kept.length > 0 ? `; kept: ${kept.join(', ')}` : ''}`;
    return condition(type, true, 'Registered', text);
  }
  const reason = topology.unavailable ? 'TopologyUnavailable' : 'TopologyError';
  return condition(type, false, reason, topology.message ?? 'not written yet');
};

/** What the children say under this type, of those where it has this status. */
const said = <T extends { status?: AnyStatus }>(
  children: readonly (T | undefined)[],
  type: string,
  status: Condition['status'],
) =>
  children.flatMap((child) => {
    const entry = findCondition(child?.status?.conditions, type);
    return child && entry?.status === status ? [{ child, ...entry }] : [];
  });

/** What children report of things that somebody has to act on. */
const RAISED = ['RolloutPending', 'RollingUpdate', 'ScalingDown', 'PodsStuck'] as const;

const raised = ({ observed }: ClusterStatusInput): Condition[] => {
  const conditions = RAISED.flatMap((type) => {
    const found = said(observed.shards, type, 'True');
    const texts = found.map(({ child, message }) => `${child.metadata.name}: ${message}`);
    return found.slice(0, 1).map(({ reason }) => condition(type, true, reason, texts.join('; ')));
  });
  const secrets = said(observed.shards, 'SecretsReady', 'False').map(({ message }) => message);
  if (secrets.length > 0) {
    const text = [...new Set(secrets)].join('; ');
    conditions.push(condition('SecretsReady', false, 'SecretMissing', text));
  }
  return conditions;
};

/** Children of any kind with something that could not be written. */
const refused = ({ observed }: ClusterStatusInput): Condition[] => {
  const { topo, cells, tableGroups, shards } = observed;
  const children = [topo, ...cells.values(), ...tableGroups.values(), ...shards];
  const texts = said(children, 'ChildrenRefused', 'True').map(({ message }) => message);
  if (texts.length === 0) return [];
  return [condition('ChildrenRefused', true, 'OfChildren', texts.join('; '))];
};

const keptCondition = ({ notes }: ClusterStatusInput): Condition[] => {
  if (notes.length === 0) return [];
  const text = notes.map(problemText).join('; ');
  return [condition('RunningValuesKept', true, 'NotAuthored', text)];
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
  const { cluster, images, resolved, observed } = input;
  const { generation } = cluster.metadata;
  const children = childrenOf(input);
  const message = messageOf(input, children);
  const external = externalStatus({
    resolved,
    services: observed.services,
    gatewaysReady: [...observed.cells.values()].some(
      (cell) => (cell?.status?.gatewayReadyReplicas ?? 0) > 0,
    ),
    adminWebReady: observed.adminWebPods.some(isReady),
  });
  const { status, reason, message: text } = images.condition;
  const { core, cell, shard } = resolved.templatesUsed;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: phaseOf(input, [...children.topo, ...children.cells, ...children.tableGroups]),
    message,
    cells: cellsOf(input),
    databases: databasesOf(input),
    shards: shardSummaries(observed.shards),
    ...external.status,
    images: images.status,
    resolved: resolvedStatus(resolved),
    resolvedTemplates: { coreTemplates: core, cellTemplates: cell, shardTemplates: shard },
    conditions: asOf(generation, [
      available(input, message),
      topologyCondition(input),
      condition('ImageRolloutPending', status === 'True', reason, text),
      ...external.conditions,
      ...raised(input),
      ...refused(input),
      ...keptCondition(input),
      ...leftBehindCondition(input.leftBehind),
    ]),
  };
};

/** Status of a cluster that cannot be acted on: everything else stays as it was. */
export const refusedStatus = (
  { metadata: { generation }, status }: MultigresCluster,
  problems: readonly Problem[],
): MultigresClusterStatus => {
  const text = problems.map(problemText).join('; ');
  const before = (status?.conditions ?? []).filter(({ type }) => type !== 'TerminalError');
  return {
    ...status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: status?.phase ?? 'Progressing',
    message: `nothing is changed: ${text}`,
    conditions: [...before, condition('TerminalError', true, 'InvalidSpec', text, generation)],
  };
};
