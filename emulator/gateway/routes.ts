/** Where a connection goes: pure choices over what the poolers said of themselves. */
import type { PoolerHealthMessage } from '../internal.ts';
import { compareRules } from '../ids.ts';

export interface RoutePooler {
  /** `cell/name`. */
  id: string;
  cell: string;
  host: string;
  port: number;
  connected: boolean;
  /** Its record says SHUTDOWN: never a target. */
  tombstoned: boolean;
  health?: PoolerHealthMessage;
}

/** An error as a client gets it. */
export interface ClientError {
  code: string;
  message: string;
}

export const ERRORS = {
  planned: { code: 'MTF01', message: 'planned failover in progress' },
  draining: { code: '57P03', message: 'database is temporarily unavailable; please retry' },
  noPrimary: { code: '57P03', message: 'no writable primary is currently available' },
  noReplica: { code: '57P03', message: 'no replica is currently available' },
  lost: { code: '08006', message: 'connection to server lost' },
  dropped: { code: '57014', message: 'canceling statement due to user request' },
  timeout: { code: '57014', message: 'canceling statement due to statement timeout' },
  bufferFull: { code: 'MTB01', message: 'failover buffer full' },
  bufferTimeout: { code: 'MTB02', message: 'failover buffer timeout' },
  stopping: { code: 'MTB03', message: 'gateway is shutting down' },
  authTimeout: { code: '57014', message: 'canceling authentication due to timeout' },
} as const satisfies Record<string, ClientError>;

export type PrimaryChoice = { pooler: RoutePooler } | { error: ClientError };

/** The primary of the highest rule; an older one is never taken, even if it is the only one that serves. */
export function choosePrimary(poolers: readonly RoutePooler[]): PrimaryChoice {
  const primaries = poolers
    .filter((p) => p.connected && !p.tombstoned && p.health?.role === 'PRIMARY')
    .toSorted((a, b) => compareRules(b.health?.rule, a.health?.rule));
  const best = primaries[0];
  const draining = poolers.find(
    (p) => p.connected && !p.tombstoned && p.health?.plannedFailover === true,
  );
  if (best?.health === undefined) return { error: draining ? ERRORS.planned : ERRORS.noPrimary };
  if (
    best.health.serving === 'SERVING' &&
    best.health.postgresReady &&
    !best.health.plannedFailover
  ) {
    return { pooler: best };
  }
  if (best.health.plannedFailover) return { error: ERRORS.planned };
  return { error: best.health.serving === 'SERVING' ? ERRORS.noPrimary : ERRORS.draining };
}

export interface ReplicaOptions {
  cell: string;
  /** --low-replication-lag-ms: standbys below it are preferred. */
  lowLagMs: number;
  /** --high-replication-lag-tolerance-ms: standbys above it are left out; 0 = none is. */
  highLagMs: number;
}

/** A standby: little lag before much, this cell before others, at random among equals. */
export function chooseReplica(
  poolers: readonly RoutePooler[],
  o: ReplicaOptions,
  random: number,
): RoutePooler | undefined {
  const usable = poolers.filter(
    (p) =>
      p.connected &&
      !p.tombstoned &&
      p.health?.role === 'REPLICA' &&
      p.health.serving === 'SERVING' &&
      p.health.postgresReady &&
      (o.highLagMs === 0 || p.health.lagMs <= o.highLagMs),
  );
  const rank = (p: RoutePooler): number =>
    ((p.health?.lagMs ?? 0) <= o.lowLagMs ? 0 : 2) + (p.cell === o.cell ? 0 : 1);
  const best = Math.min(...usable.map(rank));
  const tier = usable.filter((p) => rank(p) === best);
  return tier[Math.floor(random * tier.length)];
}
