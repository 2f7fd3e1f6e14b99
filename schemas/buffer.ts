import { compareDuration } from './duration.ts';
import type { GatewayBuffer } from './types.ts';

/**
 * Holding of statements at the gateways unless the cluster says otherwise. The runtime has it switched off,
 * and its own window of 10 s is shorter than many failovers: one planned switch in three failed statements
 * (measured), with 25 s none of sixteen did.
 */
export const BUFFER_DEFAULTS = {
  enabled: true,
  /**
   * The end of a killed primary is noticed after 13 to 19 s, the election takes a few more (measured). A longer
   * window is of no use: the gateway's own statement time-out, 30 s, counts while a statement is held.
   */
  window: '30s',
  /** Statements that come late in an outage may wait their window too. */
  maxFailoverDuration: '45s',
  /**
   * Counted from the end of the last outage. A rollout moves the primary twice within seconds, and at the
   * runtime's 1 m the second move would fail every statement; the other waits bound what 0 can cost.
   */
  minTimeBetweenFailovers: '0s',
  /** More than the sessions of one gateway, each of which can wait with one statement: none is pushed out. */
  size: 10_000,
  /**
   * A released statement keeps its place until it is done: at the runtime's 1, one slow report holds up all
   * others. Half of the connections that a pooler opens at our default of max_connections.
   */
  drainConcurrency: 20,
} as const satisfies Required<GatewayBuffer>;

const longer = (a: string, b: string): string => (compareDuration(a, b) === -1 ? b : a);
const shorter = (a: string, b: string): string => (compareDuration(a, b) === 1 ? b : a);

/**
 * What holds for a gateway: the user's values where written. A gateway whose window is longer than the
 * longest failover does not start, so where one of the two is given, the other follows.
 */
export const bufferOf = (given: GatewayBuffer = {}): Required<GatewayBuffer> => {
  const { window, maxFailoverDuration: max } = given;
  return {
    ...BUFFER_DEFAULTS,
    ...given,
    window: window ?? shorter(BUFFER_DEFAULTS.window, max ?? BUFFER_DEFAULTS.window),
    maxFailoverDuration:
      max ??
      longer(BUFFER_DEFAULTS.maxFailoverDuration, window ?? BUFFER_DEFAULTS.maxFailoverDuration),
  };
};
