import type { Phase, Shard, TableGroup, TableGroupStatus } from '../../schemas/types.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import { condition, isTrue } from '../observe/conditions.ts';

interface TableGroupObserved {
  /** Name -> Shard as it is now, undefined while it does not exist; one entry per shard of the spec. */
  shards: ReadonlyMap<string, Shard | undefined>;
  /** Shards that exist and are not in the spec any more. */
  orphans: readonly Shard[];
  failure?: string;
}

/** A child whose status is about its current spec. */
export const isFresh = (child: {
  metadata: { generation?: number };
  status?: { observedGeneration?: number };
}): boolean =>
  child.status?.observedGeneration !== undefined &&
  child.status.observedGeneration === child.metadata.generation;

const phaseOf = (counts: {
  total: number;
  ready: number;
  degraded: number;
  busy: boolean;
}): Phase => {
  if (counts.degraded > 0) return 'Degraded';
  if (counts.total === 0) return 'Initializing';
  return counts.ready === counts.total && !counts.busy ? 'Healthy' : 'Progressing';
};

/** The whole status of a TableGroup, from what was observed. Pure. */
export const tableGroupStatus = (
  group: TableGroup,
  observed: TableGroupObserved,
): TableGroupStatus => {
  const { generation } = group.metadata;
  const pending = group.metadata.annotations?.[ANNOTATIONS.pendingDeletion] !== undefined;
  const shards = [...observed.shards];
  const fresh = shards.flatMap(([, shard]) => (shard && isFresh(shard) ? [shard] : []));
  const ready = fresh.filter((shard) => shard.status?.phase === 'Healthy').length;
  const degraded = fresh.filter((shard) => shard.status?.phase === 'Degraded').length;
  const serving = fresh.filter((shard) => isTrue(shard.status?.conditions, 'Available')).length;
  const total = shards.length;
  const busy = pending || observed.orphans.length > 0;

  const waiting = shards
    .filter(([, shard]) => shard?.status?.phase !== 'Healthy')
    .map(
      ([name, shard]) =>
        `shard ${shard?.spec?.shardName ?? name}: ${shard?.status?.message ?? 'being created'}`,
    );
  const message = [
    `${ready} of ${total} shards healthy`,
    ...(observed.failure === undefined ? [] : [observed.failure]),
    ...waiting.slice(0, 2),
    ...(observed.orphans.length > 0
      ? [`removing ${observed.orphans.map((shard) => shard.metadata.name).join(', ')}`]
      : []),
  ].join('; ');

  let reason = 'ShardsReady';
  if (total === 0) reason = 'NoShards';
  else if (busy) reason = 'CleanupPending';
  else if (degraded > 0) reason = 'ShardDegraded';
  else if (serving < total) reason = 'ShardsNotReady';
  const available = !pending && serving === total;
  const drained = [...shards.map(([, shard]) => shard), ...observed.orphans].every(
    (shard) => !shard || isTrue(shard.status?.conditions, 'ReadyForDeletion'),
  );
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: phaseOf({ total, ready, degraded, busy }),
    message,
    readyShards: ready,
    totalShards: total,
    conditions: [
      condition('Available', available, reason, message, generation),
      ...(pending && drained
        ? [
            condition(
              'ReadyForDeletion',
              true,
              'AllShardsReady',
              'All shards are drained',
              generation,
            ),
          ]
        : []),
    ],
  };
};
