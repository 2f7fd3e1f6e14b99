import { compareDuration } from './duration.ts';
import { BUFFER_DEFAULTS } from './resolve/builtin.ts';
import type { GatewayBuffer } from './types.ts';

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
