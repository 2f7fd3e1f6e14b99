/** All reads of a pass, gathered into one record. It reads and never decides. */
import { compact } from '../../../schemas/compact.ts';
import { hasStarted, policyInForce } from '../../../schemas/durability.ts';
import { LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { FeedRequest, Heard } from '../../dataplane/feed.ts';
import { isPaused } from '../../observe/paused.ts';
import type { ShardChildren } from '../desired/index.ts';
import { whyReplaced } from '../desired/pod-diff.ts';
import { removalOf } from '../state/lifecycle.ts';
import { leaderMember } from '../state/health.ts';
import { shardKeyOf, shardName } from '../state/identity.ts';
import { addressOf, isAlive, membersOf, type Member } from '../state/member.ts';
import { whyRestart } from '../state/reload.ts';
import { hasLed } from '../state/roles.ts';
import type { ShardObjects, ShardState } from '../state/state.ts';
import { refreshBackups, refreshProblems, settleFreshBackup } from './background.ts';
import type { Pass } from './cache.ts';
import { desiredOf } from './desired.ts';
import { noteTraces, readObjects, rollingClusters } from './objects.ts';
import { readSecretProblems, readUserConfig, type ConfigBody } from './secrets.ts';
import { certificatesDue, readMaterial, type Material } from './tls.ts';
import { readHosts } from './volumes.ts';

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
  hosts: Map<string, string[]>;
}

const feedRequest = (
  shard: Shard,
  objects: ShardObjects,
  children: ShardChildren | undefined,
  material: Material,
): FeedRequest => {
  const wanted = new Map((children?.pods ?? []).map(({ name, cell }) => [name, cell]));
  return {
    key: shardName(shard),
    topo: shard.spec?.globalTopoServer ?? { address: '', rootPath: '', implementation: 'etcd' },
    shard: shardKeyOf(shard),
    members: [...new Set([...wanted.keys(), ...objects.pods.keys()])].map((name) => ({
      id: names.poolerId(name),
      cell: wanted.get(name) ?? objects.pods.get(name)?.metadata.labels?.[LABELS.cell] ?? '',
      address: addressOf(name, shard.metadata.namespace ?? ''),
      call: objects.pods.has(name),
    })),
    ...material,
  };
};

/** Everything that is not in the informers' caches. `anew`: the data plane is asked, not only heard. */
export const readShard = async (pass: Pass, anew: boolean): Promise<Reading> => {
  const { deps, shard } = pass;
  const removal = removalOf(shard);
  const objects = readObjects(deps, shard);
  const [material, secrets, config, hosts] = await Promise.all([
    readMaterial(pass),
    removal ? [] : readSecretProblems(pass),
    removal ? ({ ok: true } as const) : readUserConfig(pass),
    removal ? new Map<string, string[]>() : readHosts(pass, objects),
  ]);
  const { desired } = desiredOf(pass, objects, config);
  const request = feedRequest(shard, objects, desired, material);
  let heard = deps.feed.follow(request);
  // A process that has just begun to listen knows nothing: a shard that runs is asked, not taken for dead.
  const ask = anew || (heard.pending && hasStarted(shard));
  if (ask) heard = await deps.feed.refresh(request, READ_TIMEOUT_MS);
  return { material, heard, anew: ask, secrets, config, hosts };
};

/** The record of a pass, by what the informers' caches say at this moment. */
export const stateOf = (pass: Pass, reading: Reading): ShardState => {
  const { deps, shard, cache } = pass;
  const nowMs = deps.clock.now();
  const objects = readObjects(deps, shard);
  noteTraces(cache.traces, objects.pods);
  const { heard, material, secrets } = reading;
  const desired = desiredOf(pass, objects, reading.config);
  const members = membersOf({
    namespace: shard.metadata.namespace ?? '',
    desired: desired.desired?.pods ?? [],
    pods: objects.pods,
    claims: objects.claims,
    nodes: objects.nodes,
    records: new Map([...heard.entries].map(([id, { record }]) => [id, record])),
    replies: new Map([...heard.replies].map(([id, { value }]) => [id, value])),
    whyReplaced: (wanted, observed) => [
      ...whyReplaced(wanted, observed),
      ...whyRestart(cache.reloads, wanted, observed),
    ],
  });
  const started = hasStarted(shard) || hasLed(members);
  if (members.some(isAlive) && !leaderMember({ members })) refreshProblems(pass, material.tls);
  else delete cache.problems;
  refreshBackups(pass, members, material.tls);
  settleFreshBackup(cache, members, nowMs);
  const removal = removalOf(shard);
  const { error, unregisteredCells, entries, readAtMs } = heard;
  return compact({
    shard,
    nowMs,
    objects,
    ...desired,
    members,
    dataPlane: compact({
      unregisteredCells,
      entries,
      error,
      readAtMs: reading.anew ? readAtMs : undefined,
    }),
    policy: policyInForce(shard),
    hosts: reading.hosts,
    started,
    removal,
    paused: isPaused(shard, deps.listers),
    secrets,
    certificatesDue: removal === undefined && certificatesDue(pass),
    backups: cache.backups,
    freshBackup: cache.freshBackup,
    checkpoint: cache.checkpoint,
    problems: cache.problems ?? [],
    traces: cache.traces,
    reloads: cache.reloads,
    jobs: new Set(cache.jobs.keys()),
    fleet: fleetOf(deps, shard, members),
  });
};

/** Looked up only where a pod may have to be replaced: it is a walk over all Shards. */
const fleetOf = (deps: Deps, shard: Shard, members: readonly Member[]): ShardState['fleet'] => ({
  rolling: members.some(({ diff, phase }) => diff.length > 0 || phase)
    ? rollingClusters(deps, shard)
    : [],
  limit: deps.fleet.limit,
});
