/** What should exist, built once for each change of what it is made of. */
import { LABELS } from '../../../schemas/labels.ts';
import type { Member as PolicyMember } from '../../../schemas/durability.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import { buildContextOf } from '../../observe/context.ts';
import { isTerminating } from '../../observe/pods.ts';
import { hasReadyPrimary } from '../desired/budgets.ts';
import type { ShardChildren } from '../desired/index.ts';
import { shardChildren, shardConfig } from '../desired/index.ts';
import type { ShardObjects, ShardState } from '../state/state.ts';
import type { ShardCache } from './cache.ts';

/** What the builders read of a Shard; its status but for the policy in force is not part of it. */
const specKey = (shard: Shard): unknown => {
  const { uid, generation, labels, annotations } = shard.metadata;
  return [uid, generation, labels, annotations, shard.status?.durabilityPolicy];
};

/** Pods that run although the specification does not ask for them (any more): the budget counts them. */
const surplusOf = (children: ShardChildren, objects: ShardObjects): PolicyMember[] => {
  const wanted = new Set(children.pods.map(({ name }) => name));
  return [...objects.pods.values()]
    .filter((pod) => !wanted.has(pod.metadata.name) && !isTerminating(pod))
    .map(({ metadata: { name, labels } }) => ({
      id: names.poolerId(name),
      cell: labels?.[LABELS.cell] ?? '',
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
};

interface Beside {
  /** Poolers of pods beyond the specification. */
  surplus: PolicyMember[];
  noReadyPrimary: boolean;
}

const build = (
  deps: Deps,
  shard: Shard,
  config: { body?: string },
  beside: Beside,
): ShardChildren => {
  const body = config.body === undefined ? {} : { configBody: config.body };
  return shardChildren(shard, { ...body, ...beside }, buildContextOf(deps.options));
};

export const desiredChildren = (
  deps: Deps,
  shard: Shard,
  objects: ShardObjects,
  cache: ShardCache,
  config: { body?: string },
): Pick<ShardState, 'desired' | 'problem'> => {
  const noReadyPrimary = !hasReadyPrimary(objects.pods.values());
  const key = JSON.stringify([specKey(shard), config.body, noReadyPrimary]);
  if (cache.built?.key !== key) {
    const body = config.body === undefined ? {} : { configBody: config.body };
    const settings = shardConfig(shard, body);
    if (!settings.ok) return { problem: `postgresql.conf: ${settings.error}` };
    cache.built = { key, children: build(deps, shard, config, { surplus: [], noReadyPrimary }) };
  }
  const { children } = cache.built;
  const surplus = surplusOf(children, objects);
  if (surplus.length === 0) return { desired: children };
  const full = JSON.stringify([key, surplus]);
  if (cache.builtWith?.key !== full) {
    cache.builtWith = {
      key: full,
      children: build(deps, shard, config, { surplus, noReadyPrimary }),
    };
  }
  return { desired: cache.builtWith.children };
};
