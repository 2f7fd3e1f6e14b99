import type { Member as PolicyMember } from '../../schemas/durability.ts';
import { policyInForce } from '../../schemas/durability.ts';
import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import { endpointsOf } from '../../schemas/resolve/topo-ref.ts';
import type { Shard } from '../../schemas/types.ts';
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import type { Deps } from '../deps.ts';
import type { Failed } from '../apply/children.ts';
import { pruneChildren } from '../apply/children.ts';
import { buildContextOf } from '../observe/context.ts';
import { isTerminating } from '../observe/pods.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import { codecs } from '../topo/codec.ts';
import type { EtcdClient } from '../topo/client.ts';
import { topoKeys } from '../topo/keys.ts';
import type { DataPlane, Member } from './gather/data-plane.ts';
import { readDataPlane } from './gather/data-plane.ts';
import { readyPrimaries } from './desired/budgets.ts';
import type { ShardChildren } from './desired/index.ts';
import { shardChildren, shardConfig } from './desired/index.ts';
import { executePlan } from './execute/index.ts';
import { newcomersWait } from './plan/fresh-backup.ts';
import {
  certificates,
  configBody,
  refreshBackups,
  secretProblems,
  targetOf,
  tlsMaterial,
  topoTlsMaterial,
} from './gather/inputs.ts';
import type { ShardMemory } from './gather/cache.ts';
import type { ShardObserved } from './gather/objects.ts';
import { observeShard } from './gather/objects.ts';
import type { Plan } from './plan/plan.ts';
import { planShard } from './plan/plan.ts';
import { askOrchestrator } from './gather/orchestrator.ts';
import { leaderOf } from './state/roles.ts';
import { reloadPods } from './execute/reload.ts';
import { buildKey, fingerprintOf, isSettled } from './settled.ts';
import { hasServed } from './report/status.ts';

export interface Pass {
  deps: Deps;
  shard: Shard;
  memory: ShardMemory;
  observed: ShardObserved;
  nowMs: number;
}

export interface Desired {
  children?: ShardChildren;
  problem?: string;
}

/** What should exist, or why it cannot be said. */
export const desiredOf = async ({ deps, shard, memory, observed }: Pass): Promise<Desired> => {
  const body = await configBody(deps, shard);
  if (!body.ok) return { problem: body.problem };
  const specKey = buildKey(shard, body.body);
  const input = body.body === undefined ? {} : { configBody: body.body };
  const isKnown = memory.built?.specKey === specKey;
  if (!isKnown) {
    const config = shardConfig(shard, input);
    if (!config.ok) return { problem: `postgresql.conf: ${config.error}` };
  }
  const primaries = readyPrimaries(observed.pods.values());
  const build = (surplus: PolicyMember[]): ShardChildren => {
    const key = JSON.stringify([specKey, surplus, primaries]);
    if (memory.built?.key === key) return memory.built.children;
    const more = { ...input, surplus, primaries };
    const children = shardChildren(shard, more, buildContextOf(deps.options));
    memory.built = { key, specKey, children };
    return children;
  };
  const known = isKnown && memory.built ? memory.built.children : build([]);
  return { children: build(surplusOf(known, observed.pods)) };
};

/** Pods that run although the specification does not ask for them (any more). */
const surplusOf = ({ pods }: ShardChildren, observed: ReadonlyMap<string, Pod>): PolicyMember[] => {
  const wanted = new Set(pods.map(({ name }) => name));
  return [...observed.values()]
    .filter((pod) => !wanted.has(pod.metadata.name) && !isTerminating(pod))
    .map(({ metadata: { name, labels } }) => ({
      id: names.poolerId(name),
      cell: labels?.[LABELS.cell] ?? '',
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
};

/** Services by which a pod that still runs is reached: its own, and the one of its pool and cell. */
const serves = (pods: ReadonlyMap<string, Pod>, service: KubeObject): boolean => {
  if (service.kind !== 'Service') return false;
  const { name, labels } = service.metadata;
  if (pods.has(name)) return true;
  if (labels?.[LABELS.component] !== COMPONENTS.pool) return false;
  return [...pods.values()].some(({ metadata }) =>
    [LABELS.pool, LABELS.cell].every((key) => metadata.labels?.[key] === labels[key]),
  );
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

const read = async (
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
  const topoTls = await topoTlsMaterial(deps, shard, memory);
  const material = { ...(tls ? { tls } : {}), ...(topoTls ? { topoTls } : {}) };
  return readDataPlane(access, { topo, shard: shardKeyOf(shard), members, ...material }, memory);
};

/** The topology server that holds the pooler records of a cell. */
const clientOf =
  ({ deps, shard, memory }: Pass) =>
  async (cell: string): Promise<EtcdClient | undefined> => {
    const { address = '', rootPath = '' } = shard.spec?.globalTopoServer ?? {};
    const tls = await topoTlsMaterial(deps, shard, memory);
    const global = deps.topo.client(endpointsOf(address), tls);
    const found = await global.get(topoKeys.cell(rootPath, cell));
    const addresses = found ? codecs.Cell.decode(found.value).server_addresses : undefined;
    return addresses && addresses.length > 0 ? deps.topo.client(addresses, tls) : global;
  };

export interface Work {
  children: ShardChildren;
  members: Member[];
  dataPlane?: DataPlane;
  plan: Plan;
  failed: Failed[];
  secrets: string[];
  /** What an orchestrator says while nobody leads. */
  election?: string;
}

const makePlan = (
  pass: Pass,
  children: ShardChildren,
  dataPlane: DataPlane | undefined,
  secrets: string[],
  waiting: string | undefined,
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
    policy: policyInForce(shard),
    backupPolicy: effectivePvcPolicy(undefined, spec?.pvcDeletionPolicy),
    ...(secrets[0] === undefined ? {} : { blocked: secrets[0] }),
    ...(waiting === undefined ? {} : { newcomersWait: waiting }),
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

/** Plans and carries out, unless nothing moved since a pass that had nothing to do. */
const bringAbout = async (
  pass: Pass,
  children: ShardChildren,
  dataPlane: DataPlane | undefined,
  secrets: string[],
  waiting: string | undefined,
): Promise<{ plan: Plan; failures: Failed[] }> => {
  const { deps, shard, memory } = pass;
  const key = memory.built?.key ?? '';
  const fingerprint = fingerprintOf(deps, shard, pass.observed, key);
  if (memory.settled?.fingerprint === fingerprint) {
    return { plan: memory.settled.plan, failures: [] };
  }
  const plan = makePlan(pass, children, dataPlane, secrets, waiting);
  const failures = await executePlan(
    { deps, shard, ...(dataPlane ? { dataPlane } : {}), clientOf: clientOf(pass) },
    plan,
  );
  const services = children.pods.map(({ service }) => service);
  await pruneChildren(deps, shard, [...children.objects, ...services], (object) =>
    serves(pass.observed.pods, object),
  );
  // Only what the plan itself saw may count as settled: a foreign edit during this pass is for the next.
  const after = observeShard(shard, deps);
  const unmoved = fingerprintOf(deps, shard, after, key) === fingerprint;
  if (unmoved && isSettled(plan, children, after, failures.length)) {
    memory.settled = { fingerprint, plan };
  } else {
    delete memory.settled;
  }
  return { plan, failures };
};

/** One pass: everything that should be there, and what the data plane says. */
export const work = async (pass: Pass, children: ShardChildren): Promise<Work> => {
  const { deps, shard, observed, memory } = pass;
  const members = membersOf(children, observed, shard.metadata.namespace ?? '');
  noteMissing(memory, members, pass);
  const tls = await tlsMaterial(deps, shard, memory);
  const reading = read(pass, members, tls);
  // Only a pod that is missing may have to wait for what the data plane says.
  const mayHold = hasServed(shard) && members.some(({ pod }) => !observed.pods.has(pod));
  const known = mayHold ? await reading : undefined;
  const { secrets, failed } = await prepare(pass);
  const { plan, failures } = await bringAbout(
    pass,
    children,
    known,
    secrets,
    newcomersWait(pass, children.pods, known?.views, tls),
  );
  failed.push(...failures);
  // At the very first pass nothing answers yet: do not wait for that.
  const dataPlane = observed.pods.size > 0 || mayHold ? await reading : undefined;
  if (dataPlane) {
    refreshBackups(deps, dataPlane.views, tls, memory);
    await reloadPods(
      deps,
      {
        shard,
        config: children.config,
        pods: observed.pods,
        views: dataPlane.views,
        targetOf: (view) => targetOf(view, tls),
      },
      memory,
    );
  }
  const leaderless = dataPlane !== undefined && hasServed(shard) && !leaderOf(dataPlane.views);
  const election = leaderless
    ? await askOrchestrator(deps, shard, shardKeyOf(shard), tls)
    : undefined;
  return {
    children,
    members,
    ...(dataPlane ? { dataPlane } : {}),
    plan,
    failed,
    secrets,
    ...(election === undefined ? {} : { election }),
  };
};
