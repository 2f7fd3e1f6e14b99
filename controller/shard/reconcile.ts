import { DEFAULT_POLICY, policyOrDefault } from '../../schemas/durability.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { ANNOTATIONS, COMPONENTS, FINALIZERS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import type { Shard } from '../../schemas/types.ts';
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import type { Deps } from '../deps.ts';
import type { Controller, Key, Result } from '../manager.ts';
import type { Failed } from '../reconcile/children.ts';
import { failureText, pruneChildren, throwFailure } from '../reconcile/children.ts';
import { buildContextOf } from '../reconcile/context.ts';
import { ensureFinalizer } from '../reconcile/finalizer.ts';
import { byLabels, ownedKinds } from '../reconcile/keys.ts';
import { Memories } from '../reconcile/memories.ts';
import { isTerminating } from '../reconcile/pods.ts';
import { writeStatus } from '../reconcile/status.ts';
import { findCondition } from '../reconcile/conditions.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import { codecs } from '../topo/codec.ts';
import type { EtcdClient } from '../topo/client.ts';
import { topoKeys } from '../topo/keys.ts';
import type { DataPlane, Member } from './dataplane.ts';
import { readDataPlane } from './dataplane.ts';
import { deleteShard, drainShard } from './deletion.ts';
import type { ShardChildren } from './desired/index.ts';
import { shardChildren, shardConfig } from './desired/index.ts';
import { executePlan } from './execute.ts';
import {
  certificates,
  configBody,
  refreshBackups,
  secretProblems,
  targetOf,
  tlsMaterial,
} from './inputs.ts';
import type { ShardMemory } from './memory.ts';
import { emptyMemory } from './memory.ts';
import type { ShardObserved } from './observe.ts';
import { observeShard, remember } from './observe.ts';
import type { Plan } from './plan.ts';
import { planShard } from './plan.ts';
import { reloadPods } from './reload.ts';
import type { StatusInput } from './status.ts';
import { hasServed, healthNow, shardStatus } from './status.ts';

/** Between two looks at the data plane, which tells nobody when it changes. Reads only. */
const POLL_HEALTHY_MS = 2500;
const POLL_BUSY_MS = 1000;
const POLL_HELD_MS = 500;

interface Pass {
  deps: Deps;
  shard: Shard;
  memory: ShardMemory;
  observed: ShardObserved;
  nowMs: number;
}

const isPending = (shard: Shard): boolean =>
  shard.metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;

interface Desired {
  children?: ShardChildren;
  problem?: string;
}

/** What should exist, or why it cannot be said. */
const desiredOf = async ({ deps, shard }: Pass): Promise<Desired> => {
  const body = await configBody(deps, shard);
  if (!body.ok) return { problem: body.problem };
  const input = body.body === undefined ? {} : { configBody: body.body };
  const config = shardConfig(shard, input);
  if (!config.ok) return { problem: `postgresql.conf: ${config.error}` };
  return { children: shardChildren(shard, input, buildContextOf(deps.options)) };
};

const membersOf = (children: ShardChildren, observed: ShardObserved, namespace: string): Member[] =>
  children.pods.map(({ name, serviceId, cell }) => {
    const pod = observed.pods.get(name);
    return {
      pod: name,
      id: serviceId,
      cell,
      alive: pod !== undefined && !isTerminating(pod),
      address: `${name}.${namespace}.svc:${PORTS.multipooler.grpc}`,
    };
  });

const noteMissing = (memory: ShardMemory, members: readonly Member[], pass: Pass): void => {
  for (const { pod } of members) {
    if (pass.observed.pods.has(pod)) memory.missingSince.delete(pod);
    else if (!memory.missingSince.has(pod)) memory.missingSince.set(pod, pass.nowMs);
  }
};

const shardKeyOf = (shard: Shard) => ({
  database: shard.spec?.databaseName ?? '',
  table_group: shard.spec?.tableGroupName ?? '',
  shard: shard.spec?.shardName ?? '',
});

const read = (
  pass: Pass,
  members: readonly Member[],
  tls: TlsMaterial | undefined,
): Promise<DataPlane> => {
  const { deps, shard, memory } = pass;
  const access = { topo: deps.topo, rpc: deps.rpc, now: () => deps.clock.now() };
  const topo = shard.spec?.globalTopoServer ?? {
    address: '',
    rootPath: '',
    implementation: 'etcd',
  };
  return readDataPlane(
    access,
    { topo, shard: shardKeyOf(shard), members, ...(tls ? { tls } : {}) },
    memory,
  );
};

/** The topology server that holds the pooler records of a cell. */
const clientOf =
  ({ deps, shard }: Pass) =>
  async (cell: string): Promise<EtcdClient | undefined> => {
    const { address = '', rootPath = '' } = shard.spec?.globalTopoServer ?? {};
    const global = deps.topo.client([address]);
    const found = await global.get(topoKeys.cell(rootPath, cell));
    const addresses = found ? codecs.Cell.decode(found.value).server_addresses : undefined;
    return addresses && addresses.length > 0 ? deps.topo.client(addresses) : global;
  };

interface Work {
  children: ShardChildren;
  members: Member[];
  dataPlane?: DataPlane;
  plan: Plan;
  failed: Failed[];
  secrets: string[];
}

const makePlan = (
  pass: Pass,
  children: ShardChildren,
  dataPlane: DataPlane | undefined,
  secrets: string[],
): Plan => {
  const { shard, observed, memory } = pass;
  const { spec } = shard;
  return planShard({
    owner: shard,
    objects: children.objects,
    desired: children.pods,
    pods: observed.pods,
    claims: observed.claims,
    nodes: observed.nodes,
    traces: memory.pods,
    ...(dataPlane ? { dataPlane } : {}),
    lastRoles: shard.status?.podRoles ?? {},
    missingSince: memory.missingSince,
    policy: policyOrDefault(spec?.durabilityPolicy ?? DEFAULT_POLICY),
    backupPolicy: effectivePvcPolicy(undefined, spec?.pvcDeletionPolicy),
    ...(secrets[0] === undefined ? {} : { blocked: secrets[0] }),
    nowMs: pass.nowMs,
  });
};

/** Secrets first: a pod that mounts one that is not there waits in growing pauses. */
const prepare = async (pass: Pass): Promise<{ secrets: string[]; failed: Failed[] }> => {
  const { deps, shard, memory } = pass;
  const failed: Failed[] = [];
  const [secrets] = await Promise.all([
    secretProblems(deps, shard, memory),
    certificates(deps, shard, memory).catch((error: unknown) => {
      failed.push({ child: { ...shard, kind: 'Secret' }, error });
    }),
  ]);
  return { secrets, failed };
};

const work = async (pass: Pass, children: ShardChildren): Promise<Work> => {
  const { deps, shard, observed, memory } = pass;
  const members = membersOf(children, observed, shard.metadata.namespace ?? '');
  noteMissing(memory, members, pass);
  const tls = await tlsMaterial(deps, shard, memory);
  const anyPod = observed.pods.size > 0;
  // At the very first pass there is nothing to read, and nothing that a pod would have to wait for.
  const first = !hasServed(shard) && !anyPod;
  const before = first ? undefined : await read(pass, members, tls);
  const { secrets, failed } = await prepare(pass);
  const plan = makePlan(pass, children, hasServed(shard) ? before : undefined, secrets);
  const execution = {
    deps,
    shard,
    ...(before ? { dataPlane: before } : {}),
    clientOf: clientOf(pass),
  };
  failed.push(...(await executePlan(execution, plan)));
  await pruneChildren(deps, shard, [
    ...children.objects,
    ...children.pods.map(({ service }) => service),
  ]);
  if (before) {
    refreshBackups(deps, before.views, tls, memory);
    await reloadPods(
      deps,
      {
        shard,
        config: children.config,
        pods: observed.pods,
        views: before.views,
        targetOf: (view) => targetOf(view, tls),
      },
      memory,
    );
  }
  return { children, members, ...(before ? { dataPlane: before } : {}), plan, failed, secrets };
};

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
  await writeStatus(deps, shard, status);
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
