import { KINDS } from '../../schemas/k8s.ts';
import { ANNOTATIONS, COMPONENTS, FINALIZERS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import type { Shard } from '../../schemas/types.ts';
import type { Deps } from '../deps.ts';
import type { Controller, Key, Result } from '../controller.ts';
import { failureText, throwFailure } from '../apply/children.ts';
import { ensureFinalizer } from '../apply/finalizer.ts';
import { forgetShard, shardGauges } from '../observe/gauges.ts';
import { byLabels, ownedKinds } from '../observe/keys.ts';
import { Memories } from '../observe/memories.ts';
import { isReady, isTerminating } from '../observe/pods.ts';
import { writeStatus } from '../apply/status.ts';
import { findCondition } from '../observe/conditions.ts';
import { deleteShard, drainShard } from './execute/deletion.ts';
import { emptyMemory } from './gather/cache.ts';
import { observeShard, remember } from './gather/objects.ts';
import type { Pass, Work } from './work.ts';
import { desiredOf, work } from './work.ts';
import type { StatusInput } from './report/status.ts';
import { healthNow, shardStatus } from './report/status.ts';

/** Between two looks at the data plane, which tells nobody when it changes. Reads only. */
const POLL_HEALTHY_MS = 2000;
const POLL_BUSY_MS = 1000;
const POLL_HELD_MS = 500;

const isPending = (shard: Shard): boolean =>
  shard.metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;

const statusInput = (pass: Pass, done: Work): StatusInput => {
  const { shard, deps, memory } = pass;
  const observed = observeShard(shard, deps);
  const failure = failureText(done.failed);
  const { config } = done.children;
  return {
    shard,
    members: done.members,
    pods: observed.pods,
    orchDeployments: observed.orchDeployments,
    orchPods: observed.orchPods,
    orchWanted: done.children.objects.filter(
      ({ kind, metadata }) =>
        kind === 'Deployment' && metadata.labels?.[LABELS.component] === COMPONENTS.multiorch,
    ).length,
    storageClasses: observed.storageClasses,
    ...(done.dataPlane ? { dataPlane: done.dataPlane } : {}),
    plan: done.plan,
    ...(done.election === undefined ? {} : { election: done.election }),
    problems: { secrets: done.secrets, ...(failure === undefined ? {} : { failure }) },
    config: { restart: config.restartHash, reload: config.reloadHash },
    ...(memory.backups ? { backups: memory.backups.value } : {}),
    nowMs: deps.clock.now(),
  };
};

const bareStatus = (pass: Pass, problem?: string): StatusInput => ({
  shard: pass.shard,
  members: [],
  pods: pass.observed.pods,
  orchDeployments: pass.observed.orchDeployments,
  orchPods: pass.observed.orchPods,
  orchWanted: 0,
  storageClasses: pass.observed.storageClasses,
  problems: { secrets: [], ...(problem === undefined ? {} : { config: problem }) },
  nowMs: pass.nowMs,
});

const requeueAfter = (pass: Pass, done: Work): number => {
  const served = findCondition(pass.shard.status?.conditions, 'Available')?.status === 'True';
  if (done.plan.held.length > 0 && done.secrets.length === 0) return POLL_HELD_MS;
  return served && pass.shard.status?.phase === 'Healthy' ? POLL_HEALTHY_MS : POLL_BUSY_MS;
};

const reconcileLive = async (pass: Pass): Promise<Result> => {
  const { deps, shard } = pass;
  if (isPending(shard)) {
    const drained = await drainShard(deps, pass.observed);
    const after = { ...pass, observed: observeShard(shard, deps) };
    await writeStatus(deps, shard, shardStatus(bareStatus(after)));
    return drained ? {} : { requeueAfterMs: POLL_BUSY_MS };
  }
  const desired = await desiredOf(pass);
  if (!desired.children) {
    await writeStatus(deps, shard, shardStatus(bareStatus(pass, desired.problem)));
    return { requeueAfterMs: 10_000 };
  }
  const done = await work(pass, desired.children);
  const input = statusInput(pass, done);
  const { serving, complete } = healthNow(input);
  if (!serving || complete) delete pass.memory.incompleteSinceMs;
  else pass.memory.incompleteSinceMs ??= pass.nowMs;
  const since = pass.memory.incompleteSinceMs;
  const status = shardStatus({
    ...input,
    ...(since === undefined ? {} : { incompleteSinceMs: since }),
  });
  await writeStatus(deps, shard, status, done.failed);
  shardGauges(deps, shard, {
    status,
    desired: done.children.pods,
    ready: new Set([...input.pods].flatMap(([name, pod]) => (isReady(pod) ? [name] : []))),
    drifted: new Set(done.plan.drifted),
    views: done.dataPlane?.views ?? [],
    nowMs: input.nowMs,
  });
  throwFailure(done.failed);
  return { requeueAfterMs: requeueAfter(pass, done) };
};

/** Owner of a memory per shard: made once per process. */
export const createShardController = (): Controller => {
  const memories = new Memories(emptyMemory);
  const reconcile = async (key: Key, deps: Deps): Promise<Result> => {
    const id = `${key.namespace}/${key.name}`;
    const found = deps.listers.Shard.get(key.namespace, key.name) as Shard | undefined;
    if (!found) {
      memories.forget(id);
      forgetShard(deps, key);
      return {};
    }
    const memory = memories.of(id, found.metadata.uid ?? '');
    const observed = observeShard(found, deps);
    remember(memory, observed.pods);
    if (isTerminating(found)) return deleteShard(deps, found, observed);
    const shard = await ensureFinalizer(deps, found, FINALIZERS.shardPvcOrphan);
    return reconcileLive({ deps, shard, memory, observed, nowMs: deps.clock.now() });
  };
  return {
    name: 'shard',
    kind: KINDS.Shard,
    reconcile,
    sources: [
      ...ownedKinds('Shard', [
        'Pod',
        'Service',
        'ConfigMap',
        'Secret',
        'PersistentVolumeClaim',
        'Deployment',
        'PodDisruptionBudget',
      ]),
      ...[COMPONENTS.pool, COMPONENTS.multiorch].flatMap((component) => [
        shardByLabels('Pod', component),
        shardByLabels('PersistentVolumeClaim', component),
      ]),
    ],
  };
};

const shardByLabels = (kind: 'Pod' | 'PersistentVolumeClaim', component: string) =>
  byLabels(
    kind,
    component,
    [LABELS.cluster, LABELS.database, LABELS.tablegroup, LABELS.shard],
    (cluster, database, tablegroup, shard) =>
      names.shard(cluster ?? '', database ?? '', tablegroup ?? '', shard ?? ''),
  );
