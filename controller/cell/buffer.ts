import { bufferOf } from '../../schemas/buffer.ts';
import type { GatewayBuffer } from '../../schemas/types.ts';
import { flags } from '../builders/args.ts';

/** Flags of a gateway's buffer. */
export const bufferFlags = (given: GatewayBuffer | undefined): string[] => {
  const buffer = bufferOf(given);
  if (!buffer.enabled) return flags({ 'buffer-enabled': false });
  return flags({
    'buffer-enabled': true,
    'buffer-window': buffer.window,
    'buffer-max-failover-duration': buffer.maxFailoverDuration,
    'buffer-min-time-between-failovers': buffer.minTimeBetweenFailovers,
    'buffer-size': buffer.size,
    'buffer-drain-concurrency': buffer.drainConcurrency,
  });
};
