import { ANNOTATIONS, FINALIZERS } from '../../schemas/labels.ts';
import { shardKey } from '../../schemas/resolve/running.ts';
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import type { PolicyContext } from './policy.ts';
import type { WorldClaim } from './world.ts';

/** Live state older than this counts as unknown. The controller writes at least this often. */
export const LIVE_LIMIT_MS = 30_000;

export interface LiveState {
  shards: readonly Shard[];
  claims: readonly WorldClaim[];
  /** Time of the review, milliseconds since the epoch. */
  nowMs: number;
}

/**
 * What is known of what runs. `untouched`: the controller has not begun with the stored object, so
 * nothing exists that a change could destroy (as for a new object, or one that only a file holds).
 */
export type Live =
  { kind: 'known'; state: LiveState } | { kind: 'untouched' } | { kind: 'unknown'; why: string };

/** The live state behind a request about a cluster, or why it is not known. */
export function liveOf({ old, world }: Pick<PolicyContext, 'old' | 'world'>): Live {
  const { shards, claims, liveAgeMs, nowMs } = world;
  if (!old) return { kind: 'untouched' };
  const some = (shards ?? []).length + (claims ?? []).length > 0;
  if (!some && !hasBegun(old as MultigresCluster)) return { kind: 'untouched' };
  if (liveAgeMs === undefined || nowMs === undefined) {
    return { kind: 'unknown', why: 'nothing is heard of the controller' };
  }
  if (!shards || !claims) {
    const what = shards ? 'volume claims' : 'Shards';
    return { kind: 'unknown', why: `its ${what} could not be read` };
  }
  if (liveAgeMs > LIVE_LIMIT_MS) {
    const seconds = Math.round(liveAgeMs / 1000);
    return {
      kind: 'unknown',
      why: `what is known is ${seconds} s old, more than ${LIVE_LIMIT_MS / 1000} s`,
    };
  }
  return { kind: 'known', state: { shards, claims, nowMs } };
}

/** The live state if it is known; policies say nothing without it, live-state-known does. */
export function knownLive(ctx: Pick<PolicyContext, 'old' | 'world'>): LiveState | undefined {
  const live = liveOf(ctx);
  return live.kind === 'known' ? live.state : undefined;
}

/** The Shard that runs under `<database>/<tablegroup>/<shard>`; undefined if there is none yet. */
export function liveShard({ shards }: Pick<LiveState, 'shards'>, title: string): Shard | undefined {
  return shards.find(
    ({ spec }) =>
      spec && shardKey(spec.databaseName, spec.tableGroupName, spec.shardName) === title,
  );
}

/**
 * The controller notes the images that are in force before it makes anything, and then writes the status.
 * An earlier version added its finalizer first.
 */
function hasBegun({ metadata, status }: MultigresCluster): boolean {
  return (
    metadata.annotations?.[ANNOTATIONS.appliedImages] !== undefined ||
    (metadata.finalizers ?? []).includes(FINALIZERS.clusterCleanup) ||
    Object.keys(status ?? {}).length > 0
  );
}
