/** What should exist, built once for each change of what it is made of. */
import { compact } from '../../../schemas/compact.ts';
import { ANNOTATIONS, LABELS } from '../../../schemas/labels.ts';
import { hasStarted, type Member as PolicyMember } from '../../../schemas/durability.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard } from '../../../schemas/types.ts';
import { buildContextOf } from '../../observe/context.ts';
import { isTerminating } from '../../observe/pods.ts';
import { readyPrimaries } from '../desired/budgets.ts';
import { FILES } from '../desired/paths.ts';
import { shardChildren, shardConfig } from '../desired/index.ts';
import { removalOf } from '../state/lifecycle.ts';
import type { ShardObjects, ShardState } from '../state/state.ts';
import type { Pass } from './cache.ts';
import type { ConfigBody } from './secrets.ts';

/** What the builders read of a Shard; its status but for the policy in force is not part of it. */
const specKey = (shard: Shard): unknown => {
  const { uid, generation, labels, annotations } = shard.metadata;
  return [uid, generation, labels, annotations, shard.status?.durabilityPolicy];
};

/** Poolers of the pods that run and stay: the budget counts those beyond the specification too. */
const runningPoolers = ({ pods }: ShardObjects): PolicyMember[] =>
  [...pods.values()]
    .filter((pod) => !isTerminating(pod))
    .map(({ metadata: { name, labels } }) => ({
      id: names.poolerId(name),
      cell: labels?.[LABELS.cell] ?? '',
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** Settings that the shard runs with: once it has started, some of them can only go up. */
const runningConfig = (shard: Shard, { owned }: ShardObjects): string | undefined => {
  if (!hasStarted(shard)) return undefined;
  const name = names.postgresConfig(shard.metadata.name);
  return owned.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data?.[
    FILES.config
  ];
};

/** What data that is there already asks of a Postgres, also that of an earlier Shard of this name. */
const floorNotes = ({ claims }: ShardObjects): string[] => {
  const notes = [...claims.values()].map(
    ({ metadata }) => metadata.annotations?.[ANNOTATIONS.postgresFloor],
  );
  return [...new Set(notes)].filter((note) => note !== undefined).toSorted();
};

/** Nothing (more) of a shard that goes; `problem`: why it cannot be said. */
export const desiredOf = (
  { deps, shard, cache }: Pass,
  objects: ShardObjects,
  config: ConfigBody,
): Pick<ShardState, 'desired' | 'problem'> => {
  if (removalOf(shard)) return {};
  if (!config.ok) return { problem: config.problem };
  const settings = compact({
    configBody: config.body,
    runningConfig: runningConfig(shard, objects),
    floorNotes: floorNotes(objects),
    poolers: runningPoolers(objects),
    primaries: readyPrimaries(objects.pods.values()),
  });
  const key = JSON.stringify([specKey(shard), settings]);
  if (cache.built?.key !== key) {
    const rendered = shardConfig(shard, settings);
    if (!rendered.ok) return { problem: `postgresql.conf: ${rendered.error}` };
    cache.built = { key, children: shardChildren(shard, settings, buildContextOf(deps.options)) };
  }
  return { desired: cache.built.children };
};
