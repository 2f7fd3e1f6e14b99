import { compareDuration } from '../../schemas/duration.ts';
import type { GatewayBuffer } from '../../schemas/types.ts';
import { flags } from '../builders/args.ts';

/**
 * Used where the user gave none. The gateway's own 10 s are shorter than an election with the
 * orchestrator's default grace of 4 to 12 s: one planned switch in three then failed statements,
 * with 25 s none in sixteen (measured with the real runtime). A failover may take longer than the
 * wait of one statement, so 40 s.
 */
const DEFAULT_WINDOW = '25s';
const DEFAULT_MAX_FAILOVER = '40s';

const longer = (a: string, b: string): string => (compareDuration(a, b) === -1 ? b : a);
const shorter = (a: string, b: string): string => (compareDuration(a, b) === 1 ? b : a);

/**
 * Buffering during a failover, on unless the user switched it off. The window may not exceed the
 * longest failover, so where the user gave one of the two, the other follows.
 */
export const bufferFlags = (buffer: GatewayBuffer = {}): string[] => {
  const enabled = buffer.enabled ?? true;
  const { window, maxFailoverDuration: max } = buffer;
  const waits = {
    'buffer-window': window ?? shorter(DEFAULT_WINDOW, max ?? DEFAULT_MAX_FAILOVER),
    'buffer-max-failover-duration': max ?? longer(DEFAULT_MAX_FAILOVER, window ?? DEFAULT_WINDOW),
  };
  const given = { 'buffer-window': window, 'buffer-max-failover-duration': max };
  return flags({
    'buffer-enabled': enabled,
    ...(enabled ? waits : given),
    'buffer-min-time-between-failovers': buffer.minTimeBetweenFailovers,
    'buffer-size': buffer.size,
    'buffer-drain-concurrency': buffer.drainConcurrency,
  });
};
