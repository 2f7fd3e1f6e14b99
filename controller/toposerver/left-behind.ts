/**
 * An etcd of ours that the spec no longer asks for. It goes, with its volumes where the policy says so, once
 * nothing can still look for its records there; until then the status says what that is. Whether the
 * topology that took its place answers does not matter.
 */
import type { Condition, Container, KubeObject, Pod } from '../../schemas/k8s.ts';
import { ANNOTATIONS, COMPONENTS, LABELS } from '../../schemas/labels.ts';
import type { MultigresCluster, TopoServer } from '../../schemas/types.ts';
import { isoSeconds } from '../../schemas/text.ts';
import { nameOf } from '../apply/children.ts';
import { annotate } from '../observe/pending.ts';
import type { Deps } from '../deps.ts';
import { condition } from '../observe/conditions.ts';
import { ofCluster } from '../observe/keys.ts';
import { isTerminating } from '../observe/pods.ts';
import { clusterOf, deleteTopology, retentionOf } from './claims.ts';
import { topoAddress } from './desired.ts';

/** What speaks for an etcd being in use. */
export interface TopologyUse {
  name: string;
  /** The spec asks for it. */
  wanted: boolean;
  /** It was made for the cluster that asks. */
  ours: boolean;
  /** Objects that name its address, and would start processes against it. */
  references: readonly string[];
  /** Processes that were started against it. */
  pods: readonly string[];
  /** The record by which a cell's processes find it still stands, as far as anybody knows. */
  recorded: boolean;
}

type UseDecision = { ok: true } | { ok: false; refusal: string };

const few = (names: readonly string[]): string =>
  names.length > 3
    ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
    : names.join(', ');

/** May this etcd be removed, and with it the records that it holds? */
export const mayRemoveTopology = (use: TopologyUse): UseDecision => {
  const no = (refusal: string): UseDecision => ({ ok: false, refusal });
  if (use.wanted) return no(`the specification asks for ${use.name}`);
  if (!use.ours) return no(`${use.name} was not made for this cluster`);
  if (use.references.length > 0) return no(`${few(use.references)} still name its address`);
  if (use.recorded) return no('the record of its cell still names it in the global topology');
  if (use.pods.length > 0) return no(`pods that started with it still run: ${few(use.pods)}`);
  return { ok: true };
};

/** An etcd that stays although nobody asks for it, and why. */
export interface LeftBehind {
  name: string;
  refusal: string;
}

export const leftBehindCondition = (left: LeftBehind | undefined): Condition[] => {
  if (!left) return [];
  const text = `etcd ${left.name} is not asked for any more and stays for now: ${left.refusal}`;
  return [condition('TopologyLeftBehind', true, 'StillInUse', text)];
};

const textsOf = ({ args = [], command = [], env = [] }: Container): string[] => [
  ...command,
  ...args,
  ...env.flatMap(({ value }) => (value === undefined ? [] : [value])),
];

interface PodTemplate {
  spec?: { initContainers?: Container[]; containers?: Container[] };
}

const names = (template: PodTemplate | undefined, address: string): boolean =>
  [...(template?.spec?.initContainers ?? []), ...(template?.spec?.containers ?? [])]
    .flatMap(textsOf)
    .some((text) => text.includes(address));

/** Names of pods of the same cluster, but of no etcd, that seem to use it. */
const usersAmong = (deps: Deps, topo: TopoServer, uses: (pod: Pod) => boolean): string[] =>
  ofCluster<Pod>(deps.listers, 'Pod', topo)
    .filter(({ metadata }) => metadata.labels?.[LABELS.component] !== COMPONENTS.toposerver)
    .filter(uses)
    .map(({ metadata }) => metadata.name)
    .toSorted();

const useOfGlobal = (deps: Deps, cluster: MultigresCluster, topo: TopoServer): TopologyUse => {
  const { namespace = '', uid } = cluster.metadata;
  const address = topoAddress(topo.metadata.name, namespace);
  const refers = ({ spec }: KubeObject): boolean => {
    const { globalTopoServer } = (spec ?? {}) as { globalTopoServer?: { address?: string } };
    return globalTopoServer?.address?.includes(address) ?? false;
  };
  const children = (['Cell', 'TableGroup', 'Shard'] as const).flatMap((kind) =>
    ofCluster(deps.listers, kind, cluster).filter(refers),
  );
  const deployments = ofCluster(deps.listers, 'Deployment', cluster).filter((object) =>
    names((object.spec as { template?: PodTemplate } | undefined)?.template, address),
  );
  return {
    name: topo.metadata.name,
    wanted: false,
    ours: clusterOf(deps, topo)?.metadata.uid === uid,
    references: [...children, ...deployments].map(nameOf).toSorted(),
    pods: usersAmong(deps, topo, (pod) => names(pod, address)),
    recorded: false,
  };
};

/**
 * Processes find a cell's own etcd by a record, not by a flag: those may use it that are older than the moment
 * at which the record was seen to name another.
 */
const useOfLocal = (deps: Deps, topo: TopoServer, unusedSince: string | undefined): TopologyUse => {
  const cell = topo.metadata.labels?.[LABELS.cell];
  const since = unusedSince === undefined ? Infinity : Date.parse(unusedSince);
  const uses = ({ metadata: { labels, creationTimestamp = '' } }: Pod): boolean =>
    labels?.[LABELS.cell] === cell && Date.parse(creationTimestamp) <= since;
  return {
    name: topo.metadata.name,
    wanted: false,
    ours: clusterOf(deps, topo) !== undefined,
    references: [],
    pods: usersAmong(deps, topo, uses),
    recorded: unusedSince === undefined,
  };
};

const removeUnused = async (
  deps: Deps,
  owner: KubeObject,
  topo: TopoServer,
  use: TopologyUse,
): Promise<LeftBehind | undefined> => {
  const decision = mayRemoveTopology(use);
  if (!decision.ok) return { name: use.name, refusal: decision.refusal };
  await deleteTopology(deps, topo);
  const volumes = retentionOf(topo) === 'Delete' ? 'go with it' : 'are retained';
  const text = `etcd ${use.name} is removed: nothing uses it any more; its volumes ${volumes}`;
  deps.events.event(owner, 'Normal', 'Deleted', text);
  return undefined;
};

/** Removes the global etcd of a cluster whose topology is elsewhere by now; or says why it stays. */
export const removeGlobal = async (
  deps: Deps,
  cluster: MultigresCluster,
  topo: TopoServer | undefined,
): Promise<LeftBehind | undefined> => {
  if (!topo || isTerminating(topo)) return undefined;
  return removeUnused(deps, cluster, topo, useOfGlobal(deps, cluster, topo));
};

/**
 * Removes the etcd of a cell that uses another topology by now; or says why it stays.
 * @param registered the topology has the record by which the cell's processes find the other one
 */
export const removeLocal = async (
  deps: Deps,
  cell: KubeObject,
  topo: TopoServer | undefined,
  registered: boolean,
): Promise<LeftBehind | undefined> => {
  if (!topo || isTerminating(topo)) return undefined;
  let since = topo.metadata.annotations?.[ANNOTATIONS.unusedSince];
  if (since === undefined && registered) {
    since = isoSeconds(deps.clock.now());
    await annotate(deps, topo, ANNOTATIONS.unusedSince, since);
  }
  return removeUnused(deps, cell, topo, useOfLocal(deps, topo, since));
};

/** An etcd that is asked for again counts as in use from now on. */
export const useAgain = async (deps: Deps, topo: TopoServer | undefined): Promise<void> => {
  if (topo?.metadata.annotations?.[ANNOTATIONS.unusedSince] === undefined) return;
  await annotate(deps, topo, ANNOTATIONS.unusedSince, null);
};
