import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import { compact, nonEmpty } from '../../schemas/compact.ts';
import { ANNOTATIONS, COMPONENTS, FINALIZERS, LABELS } from '../../schemas/labels.ts';
import { defaultImagesFromEnv } from '../../schemas/images.ts';
import { names } from '../../schemas/names.ts';
import { problemText } from '../../schemas/problem.ts';
import type { ResolvedCluster, Templates } from '../../schemas/resolve/types.ts';
import type { Cell, MultigresCluster, Shard, TableGroup, TopoServer } from '../../schemas/types.ts';
import { textOf } from '../../schemas/text.ts';
import type { Deps } from '../deps.ts';
import { guard, type Guarded } from '../guard.ts';
import { refOf } from '../../kube/api.ts';
import { SUMMARY_MS, type Controller, type Key, type Result } from '../controller.ts';
import { keyText } from '../key.ts';
import {
  applyChildren,
  failureText,
  nameOf,
  pruneChildren,
  throwFailure,
} from '../apply/children.ts';
import { buildContextOf } from '../observe/context.ts';
import { ensureFinalizer, removeFinalizer } from '../apply/finalizer.ts';
import { clusterGauges, forgetCluster } from '../observe/gauges.ts';
import { keyIn, ofCluster, ownedBy, ownedKinds } from '../observe/keys.ts';
import { cancelDrain, removeDrained } from '../observe/pending.ts';
import { isPaused, withPaused } from '../observe/paused.ts';
import { isTerminating, podsWith } from '../observe/pods.ts';
import { withoutWrites } from '../apply/read-only.ts';
import { writeStatus } from '../apply/status.ts';
import { refusedPods } from '../observe/workload.ts';
import { Memories } from '../observe/memories.ts';
import { pruneCertificates } from './certificates.ts';
import { deleteCluster } from './deletion.ts';
import { leavesRecords, toRemove, toRemoveByStatus, type ToRemove } from './leftovers.ts';
import { clusterChildren } from './desired.ts';
import { keepRegistered, lastKnown, VERIFY_MS, type RegistrationMemory } from './registration.ts';
import type { TopologyState } from './topology.ts';
import { removeGlobal, type LeftBehind } from '../toposerver/left-behind.ts';
import { clusterStatus, refusedStatus, type ClusterObserved } from './status.ts';

type Resolved = Extract<Guarded, { ok: true }>;

interface Pass {
  deps: Deps;
  cluster: MultigresCluster;
  memory: ClusterMemory;
}

interface ClusterMemory extends RegistrationMemory {
  /** What the cluster would leave behind, of the last spec that could be resolved. */
  left?: ToRemove;
}

/** etcd is expected within seconds of the cluster's creation; after a minute something is wrong. */
const EAGER_MS = 60_000;
const POLL_EAGER_MS = 300;
const POLL_MS = 5000;

const guardOf = ({ deps, cluster }: Pass): Guarded => {
  const { namespace = '' } = cluster.metadata;
  return guard({
    cluster,
    templates: {
      core: deps.listers.CoreTemplate.byName(namespace),
      cell: deps.listers.CellTemplate.byName(namespace),
      shard: deps.listers.ShardTemplate.byName(namespace),
    } as Templates,
    shards: ofCluster<Shard>(deps.listers, 'Shard', cluster),
    defaultImages: defaultImagesFromEnv(deps.options.env),
    imageStrategy: deps.options.imageUpdateStrategy,
  });
};

/** Notes of ours on the cluster itself: which templates it uses, and which images are in force. */
const annotate = async (pass: Pass, guarded: Resolved): Promise<void> => {
  const { deps, cluster } = pass;
  const { annotations = {}, labels = {} } = cluster.metadata;
  const { core, cell, shard } = guarded.resolved.templatesUsed;
  const uses = {
    [LABELS.usesCoreTemplate]: core.length > 0,
    [LABELS.usesCellTemplate]: cell.length > 0,
    [LABELS.usesShardTemplate]: shard.length > 0,
  };
  const changed = Object.entries(uses).flatMap(([key, used]) =>
    (labels[key] === 'true') === used ? [] : [[key, used ? 'true' : null] as const],
  );
  const { annotation } = guarded.images;
  const stale = annotations[ANNOTATIONS.appliedImages] !== annotation;
  if (changed.length === 0 && !stale) return;
  await deps.kube.mergePatch(refOf(cluster), {
    metadata: compact({
      annotations: stale ? { [ANNOTATIONS.appliedImages]: annotation } : undefined,
      labels: nonEmpty(Object.fromEntries(changed)),
    }),
  });
  if (stale && annotations[ANNOTATIONS.appliedImages] !== undefined) {
    const revision = guarded.images.status.appliedRevision ?? 'pinned';
    deps.events.event(cluster, 'Normal', 'ImagesUpdated', `Default images of revision ${revision}`);
  }
};

/** The global etcd of a cluster that has its topology elsewhere: removed, or why not. */
const leaveEtcd = async (
  { deps, cluster }: Pass,
  { globalTopo, namespace, name }: ResolvedCluster,
): Promise<LeftBehind | undefined> => {
  if (globalTopo.kind !== 'external') return undefined;
  const found = deps.listers.TopoServer.get(namespace, names.globalTopo(name));
  return removeGlobal(deps, cluster, found as TopoServer | undefined);
};

/** Everything at once: nothing that a cluster is made of has to wait for another part of it. */
const bringAbout = async (pass: Pass, guarded: Resolved) => {
  const { deps, cluster } = pass;
  const context = buildContextOf(deps.options);
  const wanted = clusterChildren(guarded.resolved, cluster, guarded.images.effective, context);
  const { failed, applied } = await applyChildren(deps, cluster, wanted);
  await pruneChildren(deps, cluster, wanted);
  await pruneCertificates(deps, cluster, wanted);
  for (const { object } of applied) {
    if (object.kind === 'Cell' || object.kind === 'TableGroup') await cancelDrain(deps, object);
  }
  const keep = new Set(wanted.map(nameOf));
  const orphans = (['TableGroup', 'Cell'] as const)
    .flatMap((kind) => ownedBy(deps.listers, kind, cluster))
    .filter((child) => !keep.has(nameOf(child)));
  for (const orphan of orphans) await removeDrained(deps, cluster, orphan);
  return { failed, orphans, leftBehind: await leaveEtcd(pass, guarded.resolved) };
};

const observe = (
  { deps, cluster }: Pass,
  { namespace, name, cells, databases }: ResolvedCluster,
  orphans: readonly KubeObject[],
): ClusterObserved => {
  const get = <T extends KubeObject>(
    kind: 'Cell' | 'TableGroup' | 'TopoServer' | 'Service',
    object: string,
  ) => deps.listers[kind].get(namespace, object) as T | undefined;
  const groups = databases.flatMap((database) =>
    database.tablegroups.map((group) => [database.name, group.name] as const),
  );
  return {
    topo: get<TopoServer>('TopoServer', names.globalTopo(name)),
    cells: new Map(
      cells.map((cell) => [cell.name, get<Cell>('Cell', names.cell(name, cell.name))]),
    ),
    tableGroups: new Map(
      groups.map(([database, group]) => [
        `${database}/${group}`,
        get<TableGroup>('TableGroup', names.tableGroup(name, database, group)),
      ]),
    ),
    shards: ofCluster<Shard>(deps.listers, 'Shard', cluster),
    services: {
      gateway: get('Service', names.gatewayService(name)),
      adminWeb: get('Service', names.multiadminWeb(name)),
    },
    adminWebPods: podsWith(ofCluster(deps.listers, 'Pod', cluster), {
      [LABELS.component]: COMPONENTS.multiadminWeb,
    }),
    leaving: orphans.map(({ metadata }) => metadata.name),
  };
};

/** Since when topology is waited for: the cluster's creation, or its last change. */
const requeueAfter = (pass: Pass, state: TopologyState, waiting: boolean): Result => {
  const { deps, cluster } = pass;
  if (!state.registered) {
    const age = deps.clock.now() - Date.parse(cluster.metadata.creationTimestamp ?? '');
    return { requeueAfterMs: age < EAGER_MS ? POLL_EAGER_MS : POLL_MS };
  }
  return { requeueAfterMs: waiting ? POLL_MS : VERIFY_MS };
};

/** What a cluster that is going leaves behind: by its spec, by its last good one, else by its status. */
const leftOf = (pass: Pass): ToRemove => {
  const guarded = guardOf(pass);
  if (guarded.ok) return toRemove(guarded.resolved);
  return pass.memory.left ?? toRemoveByStatus(pass.cluster);
};

const reconcileLive = async (real: Pass): Promise<Result> => {
  const { deps } = real;
  const paused = isPaused(real.cluster, deps.listers) ? withoutWrites(deps) : undefined;
  const pass: Pass = { ...real, deps: paused?.deps ?? deps };
  const guarded = guardOf(pass);
  if (!guarded.ok) {
    await writeStatus(deps, pass.cluster, refusedStatus(pass.cluster, guarded.problems));
    return { terminal: guarded.problems.map(problemText).join('; ') };
  }
  const { resolved } = guarded;
  pass.memory.left = toRemove(resolved);
  // Only where something would be left behind without us.
  const settleFinalizer = leavesRecords(resolved) ? ensureFinalizer : removeFinalizer;
  const cluster = await settleFinalizer(pass.deps, pass.cluster, FINALIZERS.clusterCleanup);
  // Before anything is made: by these notes admission sees that the cluster is being worked on.
  await annotate(pass, guarded);
  const { failed, orphans, leftBehind } = await bringAbout(pass, guarded);
  const leavingCells = orphans.flatMap((orphan) =>
    orphan.kind === 'Cell' ? [(orphan as Cell).spec?.name ?? ''] : [],
  );
  const topology = paused
    ? lastKnown(pass.cluster)
    : await keepRegistered(pass, resolved, leavingCells);
  const { images, notes } = guarded;
  if (images.warning !== undefined && images.status.updateStrategy === 'immediate') {
    deps.events.event(cluster, 'Warning', 'ImagesAcknowledgementIgnored', images.warning);
  }
  const refusals = refusedPods(ownedBy(deps.listers, 'Deployment', cluster));
  const status = clusterStatus({
    cluster,
    resolved,
    notes,
    images,
    observed: observe(pass, resolved, orphans),
    topology,
    refusals: refusals.map(({ child, error }) => `${nameOf(child)}: ${textOf(error)}`),
    leftBehind,
    failure: failureText(failed),
  });
  const told = withPaused(status, paused?.pending, cluster.metadata.generation);
  await writeStatus(deps, cluster, told, [...failed, ...refusals]);
  clusterGauges(deps, cluster, status);
  throwFailure(failed);
  return requeueAfter(pass, topology, orphans.length > 0 || leftBehind !== undefined);
};

export const createClusterController = (): Controller => {
  const memories = new Memories<ClusterMemory>(() => ({}));
  const reconcile = async (key: Key, deps: Deps): Promise<Result> => {
    const id = keyText(key);
    const found = deps.listers.MultigresCluster.get(key.namespace, key.name) as
      MultigresCluster | undefined;
    if (!found) {
      memories.forget(id);
      forgetCluster(deps, key);
      return {};
    }
    const memory = memories.of(id, found.metadata.uid ?? '');
    const pass: Pass = { deps, cluster: found, memory };
    if (isTerminating(found)) return deleteCluster({ ...pass, left: leftOf(pass) });
    return reconcileLive(pass);
  };
  return {
    name: 'cluster',
    kind: KINDS.MultigresCluster,
    reconcile,
    calmMs: SUMMARY_MS,
    sources: [
      ...ownedKinds('MultigresCluster', [
        'TopoServer',
        'Cell',
        'TableGroup',
        'Deployment',
        'Service',
        'Certificate',
      ]),
      // A cluster repeats what its shards say, and waits for them when it is deleted.
      { kind: 'Shard', map: clusterOfLabel },
      ...(['CoreTemplate', 'CellTemplate', 'ShardTemplate'] as const).map((kind) => ({
        kind,
        map: clustersOfNamespace,
      })),
    ],
  };
};

const clusterOfLabel = (object: KubeObject): Key[] =>
  keyIn(object, object.metadata.labels?.[LABELS.cluster]);

/** A template may concern any cluster beside it: one that names it, or one whose default it becomes. */
const clustersOfNamespace = (template: KubeObject, listers: Deps['listers']): Key[] =>
  listers.MultigresCluster.list(template.metadata.namespace).flatMap((cluster) =>
    keyIn(cluster, cluster.metadata.name),
  );
