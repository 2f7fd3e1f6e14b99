/** Which differences between two Status replies, or two pooler records, are worth another look at a shard. */
import type { StatusResponse } from '../rpc/types.ts';
import type { Multipooler } from '../topo/types.ts';

/**
 * What moves with every heartbeat of a healthy idle shard and is no news: positions in the WAL, times, lag
 * and durations. Everything else counts, so that a field that the contract gains later counts too.
 */
const MOVING = new Set([
  'lsn',
  'wal_position',
  'last_replay_lsn',
  'last_receive_lsn',
  'lag',
  'last_xact_replay_timestamp',
  'last_msg_receive_time',
  'last_receive_lsn_advance_time',
  'postgres_action_duration',
  'failover_slots_ready',
  'failover_slots_total',
  'updated',
]);

/** Postgres lists followers in no order. */
const UNORDERED = new Set(['connected_followers', 'standby_ids', 'standby_application_names']);

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Two values with the same text differ in nothing that matters. */
export const whatMatters = (value: StatusResponse | Multipooler): string =>
  JSON.stringify(value, (key, item: unknown) => {
    if (MOVING.has(key)) return undefined;
    return UNORDERED.has(key) && Array.isArray(item) ? item.toSorted(byText) : item;
  });
