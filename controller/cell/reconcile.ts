import type { Pod } from '../../schemas/k8s.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { ANNOTATIONS, COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import type { Cell, TopoServer } from '../../schemas/types.ts';
import { identityOf } from '../common/meta.ts';
import type { Deps } from '../deps.ts';
import type { Controller, Key, Result } from '../manager.ts';
import type { Failed } from '../reconcile/children.ts';
import {
  applyChildren,
  deleteObject,
  failureText,
  pruneChildren,
  throwFailure,
} from '../reconcile/children.ts';
import { buildContextOf } from '../reconcile/context.ts';
import { cellGauges, forgetCell } from '../reconcile/gauges.ts';
import { byLabels, ownedKinds } from '../reconcile/keys.ts';
import { isTerminating, podsWith } from '../reconcile/pods.ts';
import { writeStatus } from '../reconcile/status.ts';
import { cellChildren } from './desired.ts';
import type { CellObserved } from './status.ts';
import { cellStatus } from './status.ts';

const isPending = (cell: Cell): boolean =>
  cell.metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;

const localTopoOf = (cell: Cell, deps: Deps): TopoServer | undefined =>
  deps.listers.TopoServer.get(cell.metadata.namespace, names.localTopo(cell.metadata.name)) as
    TopoServer | undefined;

/** Children of a cell; while it is being removed its own etcd goes first. */
const bringAbout = async (cell: Cell, deps: Deps): Promise<Failed[]> => {
  if (isPending(cell)) {
    const topo = localTopoOf(cell, deps);
    if (topo && !isTerminating(topo)) await deleteObject(deps, topo);
    return [];
  }
  const children = cellChildren(cell, buildContextOf(deps.options));
  const { failed } = await applyChildren(deps, cell, children);
  await pruneChildren(deps, cell, children);
  return failed;
};

const observe = (cell: Cell, deps: Deps, failed: Failed[]): CellObserved => {
  const { namespace } = cell.metadata;
  const { cluster } = identityOf(cell);
  const logical = cell.spec?.name ?? '';
  const service = names.cellGatewayService(cluster, logical);
  const failure = failureText(failed);
  const hasTopo = cell.spec?.topoServer?.etcd !== undefined;
  return {
    gateway: deps.listers.Deployment.get(namespace, names.cellGatewayDeployment(cluster, logical)),
    pods: podsWith(deps.listers.Pod.byIndex('cluster', `${namespace ?? ''}/${cluster}`), {
      [LABELS.component]: COMPONENTS.multigateway,
      [LABELS.cell]: logical,
    }) satisfies Pod[],
    ...(deps.listers.Service.get(namespace, service) ? { service } : {}),
    ...(hasTopo ? { localTopo: localTopoOf(cell, deps) ?? null } : {}),
    ...(failure === undefined ? {} : { failure }),
  };
};

const reconcile = async (key: Key, deps: Deps): Promise<Result> => {
  const cell = deps.listers.Cell.get(key.namespace, key.name) as Cell | undefined;
  if (!cell) forgetCell(deps, key);
  if (!cell || isTerminating(cell)) return {};
  const failed = await bringAbout(cell, deps);
  const status = cellStatus(cell, observe(cell, deps, failed));
  await writeStatus(deps, cell, status);
  cellGauges(deps, cell, status);
  throwFailure(failed);
  return {};
};

export const cellController: Controller = {
  name: 'cell',
  kind: KINDS.Cell,
  reconcile,
  sources: [
    ...ownedKinds('Cell', ['Deployment', 'Service', 'PodDisruptionBudget', 'TopoServer']),
    byLabels('Pod', COMPONENTS.multigateway, [LABELS.cluster, LABELS.cell], (cluster, cell) =>
      names.cell(cluster ?? '', cell ?? ''),
    ),
  ],
};
