/** All reads of a pass, gathered into one record. It reads and never decides. */
import { hasStarted, policyInForce } from '../../../schemas/durability.ts';
import type { Pod } from '../../../schemas/k8s.ts';
import { LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { FeedRequest, Heard } from '../../dataplane/feed.ts';
import { isPaused } from '../../observe/paused.ts';
import { isTerminating } from '../../observe/pods.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { ShardChildren } from '../desired/index.ts';
import { whyReplaced } from '../desired/pod-diff.ts';
import { isBeingRemoved } from '../state/lifecycle.ts';
import { leaderMember } from '../state/health.ts';
import { shardKeyOf, shardName } from '../state/identity.ts';
import type { Member } from '../state/member.ts';
import { membersOf } from '../state/member.ts';
import { hasLed } from '../state/roles.ts';
import type { ShardObjects, ShardState } from '../state/state.ts';
import { refreshBackups, settleFreshBackup } from './backups.ts';
import type { ShardCache } from './cache.ts';
import { desiredChildren } from './desired.ts';
import { rollingClusters } from './fleet.ts';
import { noteTraces, readObjects } from './objects.ts';
import { refreshProblems } from './orchestrator.ts';
import { readSecretProblems } from './secrets.ts';
import type { Material } from './tls.ts';
import { certificatesDue, readMaterial } from './tls.ts';
import type { ConfigBody } from './user-config.ts';
import { readUserConfig } from './user-config.ts';

/** Longer than a loaded pooler needs for an answer; a fail-over still shows within five seconds. */
const READ_TIMEOUT_MS = 2000;

/** What a pass read, apart from the informers' caches: these are looked at again after its writes. */
interface Reading {
  material: Material;
  heard: Heard;
  /** The data plane was asked for this pass, not only heard. */
  anew: boolean;
  secrets: string[];
  config: ConfigBody;
}

interface Place {
  name: string;
  cell: string;
}

const places = (children: ShardChildren | undefined, objects: ShardObjects): Place[] => {
  const wanted = (children?.pods ?? []).map(({ name, cell }) => ({ name, cell }));
  const known = new Set(wanted.map(({ name }) => name));
  const others = [...objects.pods.values()]
    .filter(({ metadata }) => !known.has(metadata.name))
    .map((pod) => ({ name: pod.metadata.name, cell: cellOf(pod) }));
  return [...wanted, ...others];
};

const cellOf = ({ metadata }: Pod): string => metadata.labels?.[LABELS.cell] ?? '';

const feedRequest = (
  shard: Shard,
  objects: ShardObjects,
  children: ShardChildren | undefined,
  material: Material,
): FeedRequest => ({
  key: shardName(shard),
  topo: shard.spec?.globalTopoServer ?? { address: '', rootPath: '', implementation: 'etcd' },
  shard: shardKeyOf(shard),
  members: places(children, objects).map(({ name, cell }) => ({
    id: names.poolerId(name),
    cell,
    address: `${name}.${shard.metadata.namespace ?? ''}.svc:${PORTS.multipooler.grpc}`,
    call: objects.pods.has(name),
  })),
  ...material,
});

const removalOf = (shard: Shard): ShardState['removal'] => {
  if (isTerminating(shard)) return 'deleting';
  return isBeingRemoved(shard) ? 'requested' : undefined;
};

const desiredOf = (
  deps: Deps,
  shard: Shard,
  objects: ShardObjects,
  cache: ShardCache,
  config: ConfigBody,
): Pick<ShardState, 'desired' | 'problem'> => {
  if (removalOf(shard)) return {};
  return config.ok
    ? desiredChildren(deps, shard, objects, cache, { config, started: hasStarted(shard) })
    : { problem: config.problem };
};

/** Everything that is not in the informers' caches. `anew`: the data plane is asked, not only heard. */
export const readShard = async (
  deps: Deps,
  shard: Shard,
  cache: ShardCache,
  anew: boolean,
): Promise<Reading> => {
  const removal = removalOf(shard);
  const [material, secrets, config] = await Promise.all([
    readMaterial(deps, shard, cache),
    removal ? [] : readSecretProblems(deps, shard, cache),
    removal ? ({ ok: true } as const) : readUserConfig(deps, shard),
  ]);
  const objects = readObjects(deps, shard);
  const { desired } = desiredOf(deps, shard, objects, cache, config);
  const request = feedRequest(shard, objects, desired, material);
  let heard = deps.feed.follow(request);
  // A process that has just begun to listen knows nothing: a shard that runs is asked, not taken for dead.
  const ask = anew || (heard.pending && hasStarted(shard));
  if (ask) heard = await deps.feed.refresh(request, READ_TIMEOUT_MS);
  return { material, heard, anew: ask, secrets, config };
};

/** The record of a pass, by what the informers' caches say at this moment. */
export const stateOf = (
  deps: Deps,
  shard: Shard,
  cache: ShardCache,
  reading: Reading,
): ShardState => {
  const nowMs = deps.clock.now();
  const objects = readObjects(deps, shard);
  noteTraces(cache.traces, objects.pods);
  const { heard, material, secrets } = reading;
  const desired = desiredOf(deps, shard, objects, cache, reading.config);
  const members = membersOf({
    namespace: shard.metadata.namespace ?? '',
    desired: desired.desired?.pods ?? [],
    pods: objects.pods,
    claims: objects.claims,
    nodes: objects.nodes,
    records: new Map([...heard.entries].map(([id, { record }]) => [id, record])),
    replies: new Map([...heard.replies].map(([id, { value }]) => [id, value])),
    whyReplaced,
  });
  const started = hasStarted(shard) || hasLed(members);
  if (started && !leaderMember({ members })) refreshProblems(deps, shard, material.tls, cache);
  else delete cache.problems;
  refreshBackups(deps, shard, members, material.tls, cache);
  settleFreshBackup(cache, members, nowMs);
  const removal = removalOf(shard);
  const { error, unregisteredCells, entries, readAtMs } = heard;
  const anew = reading.anew && readAtMs !== undefined;
  return {
    shard,
    nowMs,
    objects,
    ...desired,
    members,
    dataPlane: {
      unregisteredCells,
      entries,
      ...(error === undefined ? {} : { error }),
      ...(anew ? { readAtMs } : {}),
    },
    policy: policyInForce(shard),
    started,
    ...(removal ? { removal } : {}),
    paused: isPaused(shard, deps.listers),
    secrets,
    certificatesDue: removal === undefined && certificatesDue(deps, shard, cache),
    ...(cache.backups ? { backups: cache.backups.value } : {}),
    ...(cache.freshBackup ? { freshBackup: cache.freshBackup } : {}),
    problems: cache.problems?.value ?? [],
    traces: cache.traces,
    reloads: cache.reloads,
    jobs: new Set(cache.jobs.keys()),
    fleet: fleetOf(deps, shard, members),
    ...(cache.incompleteSinceMs === undefined
      ? {}
      : { incompleteSinceMs: cache.incompleteSinceMs }),
  };
};

/** Looked up only where a pod may have to be replaced: it is a walk over all Shards. */
const fleetOf = (deps: Deps, shard: Shard, members: readonly Member[]): ShardState['fleet'] => ({
  rolling: members.some(({ diff, phase }) => diff.length > 0 || phase)
    ? rollingClusters(deps, shard)
    : [],
  limit: deps.fleet.limit,
});
