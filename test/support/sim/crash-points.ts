/**
 * A scenario, again and again: each time the operator's process dies right after another one of its effects, and
 * a new one, which remembers nothing, goes on. What is there in the end must be the same.
 */
import { KINDS } from '../../../schemas/k8s.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { canonicalJson } from '../../../schemas/canonical.ts';
import { names } from '../../../schemas/names.ts';
import type { Effect } from './effects.ts';
import type { WorldOptions } from './harness.ts';
import { World } from './harness.ts';
import { shortened } from './scenario.ts';

export interface CrashPoints {
  options: WorldOptions;
  /** The way to the state in which the scenario begins; nobody dies on it. */
  prepare?: (world: World) => Promise<unknown>;
  /** Does things to the world and waits for their end. */
  scenario: (world: World) => Promise<unknown>;
  /** The effects after which the process dies; all of them unless given. */
  points?: (effect: Effect) => boolean;
  /** What has to be the same; `outcomeOf` unless given. */
  outcome?: (world: World) => unknown;
}

const OUTCOME_KINDS = [
  'Shard',
  'Pod',
  'Service',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Deployment',
  'PodDisruptionBudget',
] as const;

/** What somebody chose of an object: not who it is, when it was made, or who leads. */
function chosen({ apiVersion, kind, metadata, spec, data }: KubeObject): unknown {
  const { name, labels, annotations, finalizers, ownerReferences = [] } = metadata;
  const owners = ownerReferences.map((owner) => `${owner.kind} ${owner.name}`);
  return { apiVersion, kind, name, labels, annotations, finalizers, owners, spec, data };
}

/** The objects, the members, and how the shard says it is. Who leads may differ. */
export function outcomeOf(world: World): Record<string, unknown> {
  const { phase, readyReplicas, conditions = [] } = world.shard.status;
  const outcome: Record<string, unknown> = {
    phase,
    readyReplicas,
    conditions: conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
    cohort: world.runtime.cohort,
    volumes: world.shard
      .wantedPods()
      .filter((pod) => world.nodes.storage.find(names.dataPvc(pod))?.wal !== undefined),
  };
  for (const name of OUTCOME_KINDS) {
    for (const object of world.server.list(KINDS[name])) {
      outcome[shortened(`${name} ${object.metadata.name}`)] = withoutPlace(chosen(object));
    }
  }
  return outcome;
}

/** Uids and volumes are new in each run. */
const withoutPlace = (object: unknown): unknown =>
  JSON.parse(
    JSON.stringify(object, (key, value: unknown) =>
      key === 'nodeName' || key === 'volumeName' ? undefined : value,
    ),
  );

const differences = (a: Record<string, unknown>, b: Record<string, unknown>): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => canonicalJson(a[key]) !== canonicalJson(b[key]))
    .map((key) => `${key}:\n  ${canonicalJson(a[key])}\n  ${canonicalJson(b[key])}`);

/** Returns the number of crash points. @throws with the story of the first that ends otherwise */
export async function forEveryEffect(points: CrashPoints): Promise<number> {
  const plain = await run(points, undefined);
  const outcome = points.outcome ?? outcomeOf;
  const expected = outcome(plain.world) as Record<string, unknown>;
  const deaths = plain.effects.filter(points.points ?? (() => true));
  for (const { n, what } of deaths) {
    const { world } = await run(points, n);
    const changed = differences(expected, outcome(world) as Record<string, unknown>);
    if (changed.length === 0) continue;
    const text = `a crash after effect ${n} (${what}) changes the outcome`;
    throw new Error(`${text}:\n${changed.join('\n')}\n${world.story()}`);
  }
  return deaths.length;
}

/** For `points`: with all others something changes, a status only tells of it. */
export const isNoStatus = (effect: Effect): boolean =>
  effect.of !== 'kube' || effect.subresource !== 'status';

/** @param crashAfter number of the effect after which the process dies; undefined: it lives */
async function run(
  { options, prepare, scenario }: CrashPoints,
  crashAfter: number | undefined,
): Promise<{ world: World; effects: Effect[] }> {
  const world = new World(options);
  await prepare?.(world);
  const { journal } = world;
  const before = journal.effects.length;
  journal.crashAfter = crashAfter;
  await scenario(world);
  world.invariants.check();
  return { world, effects: journal.effects.slice(before) };
}
