import {
  durabilityOf,
  hasStarted,
  membershipOf,
  policyInForce,
  policyOrDefault,
  type Durability,
  type Member,
  type Policy,
} from '../../schemas/durability.ts';
import { names } from '../../schemas/names.ts';
import type { Shard } from '../../schemas/types.ts';
import { liveShard } from './live.ts';
import type { ShardView } from './locate.ts';

/** What a shard lives under once the request is carried out. */
export interface InForce {
  policy: Policy;
  /** What its full cohort then tolerates. */
  durability: Durability;
  /** It has a cohort, and with it a policy that no request changes. */
  started: boolean;
}

/** A shard that has started keeps its policy, whatever the request says. */
export function inForce(view: ShardView, shards: readonly Shard[] = []): InForce {
  const wanted = policyOrDefault(view.durabilityPolicy);
  const live = liveShard({ shards }, view.title);
  const started = live !== undefined && hasStarted(live);
  const policy = started ? policyInForce(live) : wanted;
  const durability =
    policy === wanted ? view.durability() : durabilityOf(policy, membershipOf(view.shard.pools));
  return { policy, durability, started };
}

/** The poolers that take part now, by the roles that the controller last wrote, with their cells. */
export function runningMembers(cluster: string, { spec, status }: Shard): Member[] {
  if (!spec) return [];
  const parts = [cluster, spec.databaseName, spec.tableGroupName, spec.shardName] as const;
  const roles = status?.podRoles ?? {};
  return Object.entries(spec.pools).flatMap(([pool, { cells = [], replicasPerCell = 1 }]) =>
    cells.flatMap((cell) =>
      Array.from({ length: replicasPerCell }, (_, index) => ({
        id: names.poolPod(...parts, pool, cell, index),
        cell,
      })).filter(({ id }) => roles[id] === 'PRIMARY' || roles[id] === 'REPLICA'),
    ),
  );
}
