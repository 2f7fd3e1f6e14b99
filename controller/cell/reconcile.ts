import { KINDS } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import type { Cell, MultigresCluster, TopoServer } from '../../schemas/types.ts';
import { identityOf } from '../builders/meta.ts';
import type { Deps } from '../deps.ts';
import { SUMMARY_MS, type Controller, type Key, type Result } from '../controller.ts';
import { applyChildren, failureText, pruneChildren, throwFailure } from '../apply/children.ts';
import { isTrue } from '../observe/conditions.ts';
import { buildContextOf } from '../observe/context.ts';
import { isEnding } from '../observe/ending.ts';
import { cellGauges, forgetCell } from '../observe/gauges.ts';
import { byLabels, childrenOfCluster, ofCluster, ownedKinds } from '../observe/keys.ts';
import { isPaused, withPaused } from '../observe/paused.ts';
import { isPending } from '../observe/pending.ts';
import { isTerminating, podsWith } from '../observe/pods.ts';
import { refusedPods } from '../observe/workload.ts';
import { withoutWrites } from '../apply/read-only.ts';
import { writeStatus } from '../apply/status.ts';
import { isFresh } from '../tablegroup/status.ts';
import { deleteTopology } from '../toposerver/claims.ts';
import { removeLocal, useAgain, type LeftBehind } from '../toposerver/left-behind.ts';
import { cellChildren } from './desired.ts';
import { cellStatus, type CellObserved } from './status.ts';

const localTopoOf = (cell: Cell, deps: Deps): TopoServer | undefined =>
  deps.listers.TopoServer.get(cell.metadata.namespace, names.localTopo(cell.metadata.name)) as
    TopoServer | undefined;

const clusterOf = (cell: Cell, deps: Deps): MultigresCluster | undefined => {
  const { cluster, namespace } = identityOf(cell);
  return deps.listers.MultigresCluster.get(namespace, cluster) as MultigresCluster | undefined;
};

/** A topology that takes longer than this is a problem of its own, and no reason to hide another. */
const HOLD_GATEWAY_MS = 30_000;

/**
 * Milliseconds that the first gateways still wait for the cell's record: without it a gateway ends after
 * 10 s, and would be in back-off by the time etcd is up. Gateways that exist are never held.
 */
const holdGateway = (cell: Cell, deps: Deps): number => {
  const { namespace, creationTimestamp } = cell.metadata;
  const { cluster } = identityOf(cell);
  const gateway = names.cellGatewayDeployment(cluster, cell.spec?.name ?? '');
  if (deps.listers.Deployment.get(namespace, gateway)) return 0;
  const owner = clusterOf(cell, deps);
  if (!owner || isTrue(owner.status?.conditions, 'TopologyRegistered')) return 0;
  const age = deps.clock.now() - Date.parse(creationTimestamp ?? '');
  return age < HOLD_GATEWAY_MS ? HOLD_GATEWAY_MS - age : 0;
};

/** Between two looks at what still uses an etcd that is not asked for any more. */
const LEFT_BEHIND_MS = 10_000;

/** The etcd of a cell that has its topology elsewhere: removed, or why not. */
const leaveEtcd = async (cell: Cell, deps: Deps): Promise<LeftBehind | undefined> => {
  const topo = localTopoOf(cell, deps);
  if (cell.spec?.topoServer?.etcd !== undefined) {
    await useAgain(deps, topo);
    return undefined;
  }
  const owner = clusterOf(cell, deps);
  // by the records that the present spec of the cluster asks for
  const registered =
    owner !== undefined && isFresh(owner) && isTrue(owner.status?.conditions, 'TopologyRegistered');
  return removeLocal(deps, cell, topo, registered);
};

/** Children of a cell; while it is being removed its own etcd goes first. */
const bringAbout = async (cell: Cell, deps: Deps) => {
  if (isPending(cell)) {
    const topo = localTopoOf(cell, deps);
    if (topo && !isTerminating(topo)) await deleteTopology(deps, topo);
    return { failed: [], heldMs: 0, leftBehind: undefined };
  }
  const children = cellChildren(cell, buildContextOf(deps.options));
  const heldMs = holdGateway(cell, deps);
  const now = heldMs > 0 ? children.filter(({ kind }) => kind !== 'Deployment') : children;
  const { failed } = await applyChildren(deps, cell, now);
  await pruneChildren(deps, cell, children);
  return { failed, heldMs, leftBehind: await leaveEtcd(cell, deps) };
};

type Outcome = Awaited<ReturnType<typeof bringAbout>>;

const observe = (cell: Cell, deps: Deps, { failed, heldMs, leftBehind }: Outcome): CellObserved => {
  const { cluster, namespace } = identityOf(cell);
  const logical = cell.spec?.name ?? '';
  const service = names.cellGatewayService(cluster, logical);
  const hasTopo = cell.spec?.topoServer?.etcd !== undefined;
  return {
    gateway: deps.listers.Deployment.get(namespace, names.cellGatewayDeployment(cluster, logical)),
    pods: podsWith(ofCluster(deps.listers, 'Pod', cell), {
      [LABELS.component]: COMPONENTS.multigateway,
      [LABELS.cell]: logical,
    }),
    service: deps.listers.Service.get(namespace, service) && service,
    localTopo: hasTopo ? (localTopoOf(cell, deps) ?? null) : undefined,
    failure: failureText(failed),
    held: heldMs > 0,
    leftBehind,
  };
};

const reconcile = async (key: Key, deps: Deps): Promise<Result> => {
  const cell = deps.listers.Cell.get(key.namespace, key.name) as Cell | undefined;
  if (!cell) forgetCell(deps, key);
  if (!cell || isEnding(deps, cell)) return {};
  const paused = isPaused(cell, deps.listers) ? withoutWrites(deps) : undefined;
  const outcome = await bringAbout(cell, paused?.deps ?? deps);
  const observed = observe(cell, deps, outcome);
  const { generation } = cell.metadata;
  const status = withPaused(cellStatus(cell, observed), paused?.pending, generation);
  await writeStatus(deps, cell, status, [...outcome.failed, ...refusedPods([observed.gateway])]);
  cellGauges(deps, cell, status);
  throwFailure(outcome.failed);
  if (outcome.heldMs > 0) return { requeueAfterMs: outcome.heldMs };
  return outcome.leftBehind ? { requeueAfterMs: LEFT_BEHIND_MS } : {};
};

export const cellController: Controller = {
  name: 'cell',
  kind: KINDS.Cell,
  reconcile,
  calmMs: SUMMARY_MS,
  sources: [
    ...ownedKinds('Cell', ['Deployment', 'Service', 'PodDisruptionBudget', 'TopoServer']),
    childrenOfCluster('Cell'),
    byLabels('Pod', COMPONENTS.multigateway, [LABELS.cluster, LABELS.cell], (cluster, cell) =>
      names.cell(cluster ?? '', cell ?? ''),
    ),
  ],
};
