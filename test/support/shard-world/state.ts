import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { hasStarted, POLICIES } from '../../../schemas/durability.ts';
import { LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { whyReplaced } from '../../../controller/shard/desired/pod-diff.ts';
import { membersOf } from '../../../controller/shard/state/member.ts';
import { hasLed } from '../../../controller/shard/state/roles.ts';
import type { ShardState } from '../../../controller/shard/state/state.ts';
import type { PoolerEntry } from '../../../controller/topo/records.ts';
import { cellOf, labels, objectOf, indexOf } from './basics.ts';
import type { PodNote, World } from './notes.ts';
import { NOW, whole } from './notes.ts';
import { nodesOf, orchestrator, orchestratorPod, shardOf, childrenOf } from './objects.ts';
import { observedPod } from './pods.ts';
import { entriesOf, repliesOf } from './poolers.ts';

const claimsOf = (
  world: World & { members: string[] },
  pods: ReadonlyMap<string, Pod>,
): Map<string, KubeObject> => {
  const existed = world.before ? world.members : [];
  const held = [...existed, ...pods.keys(), ...(world.claims ?? [])].filter(
    (name) => !world.noClaims?.includes(name),
  );
  return new Map(
    held.map((name) => {
      const claim = objectOf('PersistentVolumeClaim', `data-${name}`);
      const own = { ...labels, [LABELS.cell]: cellOf(name), [LABELS.index]: `${indexOf(name)}` };
      return [
        `data-${name}`,
        { ...claim, metadata: { ...claim.metadata, uid: `uid-data-${name}`, labels: own } },
      ];
    }),
  );
};

const hostsOf = ({ hosts = {} }: World): Map<string, string[]> =>
  new Map(Object.entries(hosts).map(([name, held]) => [names.dataPvc(name), held]));

const checkpointOf = ({ checkpoint }: World): Pick<ShardState, 'checkpoint'> =>
  checkpoint
    ? {
        checkpoint: {
          id: names.poolerId(checkpoint.of),
          endedMs: NOW - checkpoint.since * 1000,
        },
      }
    : {};

/** The state of a pass over such a shard. */
export const stateOf = (note: World): ShardState => {
  const world = whole(note);
  const shard = shardOf(world);
  const pods = new Map(
    Object.entries(world.pods ?? {})
      .filter((entry): entry is [string, PodNote | null] => entry[1] !== false)
      .map(([name, pod]) => [name, observedPod(world, name, pod ?? {})]),
  );
  const claims = claimsOf(world, pods);
  const nodes = nodesOf(world);
  const entries = world.unread ? new Map<string, PoolerEntry>() : entriesOf(world);
  const desired = childrenOf(world);
  const orchReady = world.orchReady ?? true;
  const members = membersOf({
    namespace: 'ns',
    desired: world.pending ? [] : desired.pods,
    pods,
    claims,
    nodes,
    records: new Map([...entries].map(([id, { record }]) => [id, record])),
    replies: world.unread ? new Map() : repliesOf(world),
    whyReplaced,
  });
  return {
    shard,
    nowMs: NOW,
    objects: {
      pods,
      claims,
      orchDeployments: [orchestrator(orchReady)],
      orchPods: [orchestratorPod(orchReady)],
      owned: [],
      nodes,
      storageClasses: [],
    },
    ...(world.pending ? {} : { desired }),
    members,
    dataPlane: {
      unregisteredCells: world.unregisteredCells ?? [],
      entries,
      ...(world.topologyError ? { error: world.topologyError } : {}),
      ...(world.heard || world.unread ? {} : { readAtMs: NOW }),
    },
    hosts: hostsOf(world),
    policy: POLICIES[world.policy ?? 'AT_LEAST_2'],
    started: hasStarted(shard) || hasLed(members),
    ...(world.pending ? { removal: 'requested' as const } : {}),
    paused: world.paused ?? false,
    secrets: world.secrets ?? [],
    certificatesDue: false,
    ...checkpointOf(world),
    ...(world.backups ? { backups: world.backups } : {}),
    problems: [],
    traces: new Map(
      Object.entries(world.traces ?? {}).map(([name, trace]) => [
        name,
        { node: `node-${name.charAt(0)}`, terminated: false, ...trace },
      ]),
    ),
    reloads: new Map(),
    jobs: new Set(world.jobs),
    fleet: { rolling: world.rolling ?? [], limit: 1 },
  };
};
