import type { KubeObject } from '../../schemas/k8s.ts';
import type { Phase, Shard, TableGroup, TableGroupStatus } from '../../schemas/types.ts';
import type { AnyStatus } from '../apply/status.ts';
import { isPending } from '../observe/pending.ts';
import { asOf, condition, isTrue } from '../observe/conditions.ts';

interface TableGroupObserved {
  /** Name -> Shard as it is now, undefined while it does not exist; one entry per shard of the spec. */
  shards: ReadonlyMap<string, Shard | undefined>;
  /** Shards that exist and are not in the spec any more. */
  orphans: readonly Shard[];
  failure: string | undefined;
}

/** A child whose status is about its current spec. */
export const isFresh = ({ metadata, status }: KubeObject<unknown, AnyStatus>): boolean =>
  status?.observedGeneration !== undefined && status.observedGeneration === metadata.generation;

type Counts = Record<'total' | 'ready' | 'degraded' | 'serving', number> & { busy: boolean };

const phaseOf = ({ total, ready, degraded, busy }: Counts): Phase => {
  if (degraded > 0) return 'Degraded';
  if (total === 0) return 'Initializing';
  return ready === total && !busy ? 'Healthy' : 'Progressing';
};

const reasonOf = ({ total, degraded, serving, busy }: Counts): string => {
  if (total === 0) return 'NoShards';
  if (busy) return 'CleanupPending';
  if (degraded > 0) return 'ShardDegraded';
  return serving < total ? 'ShardsNotReady' : 'ShardsReady';
};

/** The whole status of a TableGroup, from what was observed. Pure. */
export const tableGroupStatus = (
  group: TableGroup,
  { shards, orphans, failure }: TableGroupObserved,
): TableGroupStatus => {
  const { generation } = group.metadata;
  const pending = isPending(group);
  const living = [...shards.values(), ...orphans].filter((shard) => shard !== undefined);
  const fresh = [...shards.values()].filter((shard) => shard !== undefined && isFresh(shard));
  const inPhase = (phase: Phase): number =>
    fresh.filter((shard) => shard?.status?.phase === phase).length;
  const counts: Counts = {
    total: shards.size,
    ready: inPhase('Healthy'),
    degraded: inPhase('Degraded'),
    serving: fresh.filter((shard) => isTrue(shard?.status?.conditions, 'Available')).length,
    busy: pending || orphans.length > 0,
  };
  const { total, ready, serving } = counts;
  const waiting = [...shards]
    .filter(([, shard]) => shard?.status?.phase !== 'Healthy')
    .map(
      ([name, shard]) =>
        `shard ${shard?.spec?.shardName ?? name}: ${shard?.status?.message ?? 'being created'}`,
    );
  const removing = orphans.map((shard) => shard.metadata.name).join(', ');
  const message = [
    `${ready} of ${total} shards healthy`,
    failure,
    ...waiting.slice(0, 2),
    removing && `removing ${removing}`,
  ]
    .filter(Boolean)
    .join('; ');
  const drained = living.every((shard) => isTrue(shard.status?.conditions, 'ReadyForDeletion'));
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: phaseOf(counts),
    message,
    readyShards: ready,
    totalShards: total,
    conditions: asOf(generation, [
      condition('Available', !pending && serving === total, reasonOf(counts), message),
      ...(pending && drained
        ? [condition('ReadyForDeletion', true, 'AllShardsReady', 'All shards are drained')]
        : []),
    ]),
  };
};
