/** What a user does to a running cluster, as a user would do it. */
import { randomUUID } from 'node:crypto';
import type { Shard } from '../../schemas/types.ts';
import type { Pod } from '../../schemas/k8s.ts';
import { until } from '../lib/run.ts';
import { clusterOf, inNamespace, poolPods, shardOf, type World } from './world.ts';

const SHARD = '/spec/databases/0/tablegroups/0/shards/0/spec';
/** Request id of a switchover on demand. */
const SWITCHOVER = 'multigres.com/switchover';

/** A JSON patch of the cluster, as in the announcement. */
export async function patch(world: World, ops: object[]): Promise<void> {
  const { cluster } = world;
  await inNamespace(world, 'patch', 'mgc', cluster, '--type=json', '-p', JSON.stringify(ops));
}

/** A merge patch of the cluster's spec. */
export async function mergeSpec(world: World, spec: object): Promise<void> {
  const body = JSON.stringify({ spec });
  await inNamespace(world, 'patch', 'mgc', world.cluster, '--type=merge', '-p', body);
}

/** The announcement's patch: pods of each cell. */
export async function scale(world: World, value: number): Promise<void> {
  await patch(world, [{ op: 'replace', path: `${SHARD}/pools/default/replicasPerCell`, value }]);
}

/** Sets one setting of postgresql.conf; undefined takes it back. */
export async function setPostgres(
  world: World,
  name: string,
  value: string | undefined,
): Promise<void> {
  const { spec } = await clusterOf(world);
  const shard = spec?.databases?.[0]?.tablegroups?.[0]?.shards?.[0]?.spec;
  const settings = { ...shard?.postgresConfig };
  if (value === undefined) delete settings[name];
  else settings[name] = value;
  await patch(world, [{ op: 'add', path: `${SHARD}/postgresConfig`, value: settings }]);
}

/** Both images of the pool pods. */
export async function changePoolImages(
  world: World,
  images: { postgres: string; multipooler: string },
): Promise<void> {
  await mergeSpec(world, { images });
}

/** Waits until every pool pod that there shall be is there and runs these images. */
export async function untilPoolImages(
  world: World,
  images: { postgres: string; multipooler: string },
  timeoutMs: number,
): Promise<void> {
  const wanted = [images.postgres, images.multipooler];
  await until(`every pool pod to run ${wanted.join(' and ')}`, timeoutMs, async () => {
    const { spec } = await shardOf(world);
    const pods = await poolPods(world);
    const changed = pods.filter((pod) => {
      const run = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
      return wanted.every((image) => run.some((container) => container.image === image));
    });
    return changed.length === pods.length && pods.length === spec?.replicas ? true : undefined;
  });
}

/** Waits until there are so many pool pods. */
export async function untilPods(world: World, count: number, timeoutMs: number): Promise<void> {
  await until(`${count} pool pods`, timeoutMs, async () =>
    (await poolPods(world)).length === count ? true : undefined,
  );
}

/** What the operator answers to a request for a switchover. */
export interface SwitchoverAnswer {
  request?: string;
  from?: string;
  to?: string;
  phase?: string;
  finishedAt?: string;
  pausedMs?: number;
  message?: string;
}

export const switchoverOf = (shard: Shard): SwitchoverAnswer | undefined =>
  (shard.status as { switchover?: SwitchoverAnswer } | undefined)?.switchover;

/** Asks for another primary and waits for the answer to this request. */
export async function switchOver(world: World, timeoutMs: number): Promise<SwitchoverAnswer> {
  const request = `by-hand-${randomUUID().slice(0, 8)}`;
  const { cluster } = world;
  await inNamespace(world, 'annotate', '--overwrite', 'mgc', cluster, `${SWITCHOVER}=${request}`);
  let last: SwitchoverAnswer | undefined;
  return await until(
    () => `an answer to the switchover ${request}; status.switchover is ${JSON.stringify(last)}`,
    timeoutMs,
    async () => {
      last = switchoverOf(await shardOf(world));
      return last?.request === request && last.finishedAt !== undefined ? last : undefined;
    },
    200,
  );
}

/** `kubectl drain` as a person runs it before maintenance. Throws when it does not end in time. */
export async function drain(world: World, node: string, timeoutMs: number): Promise<void> {
  await world.kubectl.run([
    ...['drain', node, '--ignore-daemonsets', '--delete-emptydir-data'],
    `--timeout=${Math.ceil(timeoutMs / 1000)}s`,
  ]);
}

export async function uncordon(world: World, node: string): Promise<void> {
  await world.kubectl.run(['uncordon', node]);
}

/** Deletes a pod and does not wait. */
export async function deletePod(world: World, pod: string): Promise<void> {
  await inNamespace(world, 'delete', 'pod', pod, '--wait=false');
}

/** Waits until another pod object of that name is there. */
export async function untilReplaced(
  world: World,
  before: { pods: readonly Pod[] },
  pod: string,
  timeoutMs: number,
): Promise<void> {
  const old = before.pods.find(({ metadata }) => metadata.name === pod)?.metadata.uid;
  await until(`pod ${pod} to be there anew`, timeoutMs, async () => {
    const now = (await poolPods(world)).find(({ metadata }) => metadata.name === pod);
    return now && now.metadata.uid !== old ? true : undefined;
  });
}
