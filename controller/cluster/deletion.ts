/**
 * The end of a cluster. The garbage collector takes its children, volumes too where the policy says so; that
 * needs nobody of us. Only records in a topology server that others run would stay, and only for them a
 * finalizer keeps the cluster: its processes end first, as what runs writes its record anew; then the
 * records go. Every wait has a limit, so that a lost node or a dead topology server cannot keep a cluster
 * or its namespace for ever.
 */
import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { COMPONENTS, FINALIZERS, LABELS } from '../../schemas/labels.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { compact } from '../../schemas/compact.ts';
import { textOf } from '../../schemas/text.ts';
import type { Deps } from '../deps.ts';
import type { Result } from '../controller.ts';
import { deleteObject } from '../apply/children.ts';
import { removeFinalizer } from '../apply/finalizer.ts';
import { ofCluster } from '../observe/keys.ts';
import { isTerminating } from '../observe/pods.ts';
import { topoMaterial, type TopoMaterialMemory } from '../observe/credentials.ts';
import type { Leftovers, RemovalResult, Store } from '../topo/leftovers.ts';
import { removeLeftovers } from '../topo/leftovers.ts';
import type { ToRemove, TopologyAt } from './leftovers.ts';

/** Longest waits, counted from the deletion: for processes to end, and for the topology to answer. */
const PROCESSES_MS = 80_000;
const RECORDS_MS = 45_000;
const POLL_MS = 1000;

export interface Ending {
  deps: Deps;
  cluster: MultigresCluster;
  memory: TopoMaterialMemory;
  left: ToRemove;
}

const deleteAll = async (deps: Deps, objects: readonly KubeObject[]): Promise<void> => {
  const living = objects.filter((object) => !isTerminating(object));
  await Promise.all(living.map((object) => deleteObject(deps, object)));
};

/** Deletes children from the inside out. Names of the processes that have not ended yet. */
const endProcesses = async ({ deps, cluster }: Ending): Promise<string[]> => {
  const groups = ofCluster(deps.listers, 'TableGroup', cluster);
  const shards = ofCluster(deps.listers, 'Shard', cluster);
  const pods = ofCluster(deps.listers, 'Pod', cluster);
  const of = (...components: string[]): KubeObject[] =>
    pods.filter(({ metadata }) => components.includes(metadata.labels?.[LABELS.component] ?? ''));
  await deleteAll(deps, [...groups, ...shards]);
  const poolers = of(COMPONENTS.pool, COMPONENTS.multiorch);
  if (groups.length + shards.length + poolers.length > 0) {
    return [...shards, ...poolers].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  }
  await deleteAll(deps, ofCluster(deps.listers, 'Cell', cluster));
  return of(COMPONENTS.multigateway).map(({ metadata }) => `Pod ${metadata.name}`);
};

const runningIn = (deps: Deps, namespace: string): Set<string> =>
  new Set(
    (deps.listers.Pod.list(namespace) as Pod[]).flatMap(({ metadata, status }) => {
      const { podIP } = (status ?? {}) as { podIP?: string };
      return podIP === undefined ? [metadata.name] : [metadata.name, podIP];
    }),
  );

type Cleaned = RemovalResult | { problem: string };

const removeRecords = async ({ deps, cluster, memory, left }: Ending): Promise<Cleaned> => {
  const { namespace = '' } = cluster.metadata;
  const nowMs = deps.clock.now();
  let tls = memory.topoTls?.tls;
  if (left.ref) {
    const material = await topoMaterial(deps.kube, { namespace, ref: left.ref, nowMs }, memory);
    // The Secret may have gone before the cluster did: what it held last is as good.
    if (material.ok) ({ tls } = material);
    else if (!tls) return { problem: material.problem };
  }
  const storeOf = ({ endpoints, root }: TopologyAt): Store => ({
    client: deps.topo.client(endpoints, tls),
    root,
  });
  const request: Leftovers = {
    namespace,
    ...(left.global ? { global: storeOf(left.global) } : {}),
    cells: left.cells.map(({ name, at }) => compact({ name, store: at && storeOf(at) })),
    shards: left.shards,
    running: runningIn(deps, namespace),
  };
  try {
    return await removeLeftovers(request);
  } catch (error) {
    return { problem: textOf(error) };
  }
};

const placesOf = ({ left }: Ending): string => {
  const places = [left.global, ...left.cells.map(({ at }) => at)].filter((at) => at !== undefined);
  const texts = places.map(({ endpoints, root }) => `${root} of ${endpoints.join(',')}`);
  return [...new Set(texts)].join('; ');
};

/** Tells what became of the records; false while that is still open. */
const tellRecords = (ending: Ending, cleaned: Cleaned, late: boolean): boolean => {
  const { deps, cluster } = ending;
  const fields = { ns: cluster.metadata.namespace, cluster: cluster.metadata.name };
  if ('problem' in cleaned) {
    if (!late) return false;
    const text =
      `records of the cluster stay in the topology under ${placesOf(ending)}: ${cleaned.problem}. ` +
      'Delete those of its cells and database by hand once nothing uses them';
    deps.log.warn({ ...fields, problem: cleaned.problem }, 'records stay in the topology');
    deps.events.event(cluster, 'Warning', 'TopoCleanupFailed', text);
    return true;
  }
  const { deleted, kept } = cleaned;
  deps.log.info({ ...fields, deleted, kept }, 'records removed from the topology');
  if (deleted.length > 0) {
    deps.events.event(cluster, 'Normal', 'TopoCleanup', `Removed: ${deleted.join(', ')}`);
  }
  if (kept.length > 0) {
    const text = `Kept: ${kept.map(({ key, reason }) => `${key} (${reason})`).join(', ')}`;
    deps.events.event(cluster, 'Normal', 'TopoCleanup', text);
  }
  return true;
};

export const deleteCluster = async (ending: Ending): Promise<Result> => {
  const { deps, cluster } = ending;
  if (!cluster.metadata.finalizers?.includes(FINALIZERS.clusterCleanup)) return {};
  const ageMs = deps.clock.now() - Date.parse(cluster.metadata.deletionTimestamp ?? '');
  const stopping = await endProcesses(ending);
  if (stopping.length > 0) {
    if (ageMs < PROCESSES_MS) return { requeueAfterMs: POLL_MS };
    const text = `not ended in ${PROCESSES_MS / 1000} s, their records stay: ${stopping.join(', ')}`;
    deps.log.warn(
      { ns: cluster.metadata.namespace, cluster: cluster.metadata.name, stopping },
      'processes did not end: releasing the cluster all the same',
    );
    deps.events.event(cluster, 'Warning', 'CleanUpError', text);
    await deleteAll(deps, ofCluster(deps.listers, 'Cell', cluster));
  }
  const nothing = !ending.left.global && ending.left.cells.every(({ at }) => at === undefined);
  if (!nothing && !tellRecords(ending, await removeRecords(ending), ageMs > RECORDS_MS)) {
    return { requeueAfterMs: POLL_MS };
  }
  await removeFinalizer(deps, cluster, FINALIZERS.clusterCleanup);
  deps.events.event(cluster, 'Normal', 'CleanupComplete', 'The rest goes with it');
  return {};
};
