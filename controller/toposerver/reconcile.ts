import { KINDS, type Pod } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import type { TopoServer } from '../../schemas/types.ts';
import { textOf } from '../../schemas/text.ts';
import type { Deps } from '../deps.ts';
import type { Controller, Key, Result } from '../controller.ts';
import { applyChildren, failureText, pruneChildren, throwFailure } from '../apply/children.ts';
import { isEnding } from '../observe/ending.ts';
import { buildContextOf } from '../observe/context.ts';
import { forgetTopo, topoGauges } from '../observe/gauges.ts';
import { byLabels, childrenOfCluster, ownedBy, ownedKinds } from '../observe/keys.ts';
import { isPaused, withPaused } from '../observe/paused.ts';
import { refusedMembers, workloadOf } from '../observe/workload.ts';
import type { Failed } from '../apply/children.ts';
import { withoutWrites } from '../apply/read-only.ts';
import { writeStatus } from '../apply/status.ts';
import { growClaims } from '../apply/volumes.ts';
import {
  claimsOf,
  clusterOf,
  settleOwners,
  withoutDoomedVolumes,
  withoutShrinking,
} from './claims.ts';
import { topoServerChildren } from './desired.ts';
import { topoServerStatus } from './status.ts';

/** Between two looks at an etcd that is not complete. */
const POLL_MS = 10_000;

/** Children and volumes as they should be; returns what could not be written. */
const bringAbout = async (topo: TopoServer, deps: Deps): Promise<Failed[]> => {
  const wanted = topoServerChildren(topo, buildContextOf(deps.options));
  const claims = claimsOf(deps, topo);
  const runs = deps.listers.StatefulSet.get(topo.metadata.namespace, topo.metadata.name);
  const whole = withoutShrinking(wanted, claims, runs);
  const ready = withoutDoomedVolumes(whole.children, claims, runs, clusterOf(deps, topo));
  const { failed } = await applyChildren(deps, topo, ready.children);
  await pruneChildren(deps, topo, wanted);
  failed.push(
    ...whole.refused,
    ...ready.refused,
    ...(await settleOwners(deps, topo, claims)),
    ...(await growClaims(deps, topo, claims, topo.spec?.etcd?.storage?.size)),
  );
  return failed;
};

const reconcile = async (key: Key, deps: Deps): Promise<Result> => {
  const topo = deps.listers.TopoServer.get(key.namespace, key.name) as TopoServer | undefined;
  if (!topo) forgetTopo(deps, key);
  // Its children go with it: the garbage collector follows the owner references.
  if (!topo || isEnding(deps, topo)) return {};

  const paused = isPaused(topo, deps.listers) ? withoutWrites(deps) : undefined;
  const failed = await bringAbout(topo, paused?.deps ?? deps);
  const statefulSet = deps.listers.StatefulSet.get(key.namespace, key.name);
  const refusals = await refusedMembers(deps, statefulSet);
  const status = topoServerStatus(topo, {
    statefulSet,
    refusals: refusals.map(({ error }) => textOf(error)),
    pods: ownedBy<Pod>(deps.listers, 'Pod', statefulSet),
    storageClasses: deps.listers.StorageClass.list(),
    failure: failureText(failed),
  });
  const { generation } = topo.metadata;
  const told = withPaused(status, paused?.pending, generation);
  await writeStatus(deps, topo, told, [...failed, ...refusals]);
  topoGauges(deps, topo, workloadOf(statefulSet));
  throwFailure(failed);
  // Its Events wake nobody.
  return workloadOf(statefulSet).allReady ? {} : { requeueAfterMs: POLL_MS };
};

export const topoServerController: Controller = {
  name: 'toposerver',
  kind: KINDS.TopoServer,
  reconcile,
  sources: [
    ...ownedKinds('TopoServer', ['StatefulSet', 'Service', 'PodDisruptionBudget']),
    childrenOfCluster('TopoServer'),
    ...(['Pod', 'PersistentVolumeClaim'] as const).map((kind) =>
      byLabels(kind, COMPONENTS.toposerver, [LABELS.toposerver], (name) => name ?? ''),
    ),
  ],
};
