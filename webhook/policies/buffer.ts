import { parseDuration } from '../../schemas/duration.ts';
import type { GatewayBuffer } from '../../schemas/types.ts';
import type { Finding } from './policy.ts';

/** What the gateway takes when a flag is not given. */
const BINARY_DEFAULTS = { window: '10s', maxFailoverDuration: '20s' } as const;

/**
 * What is wrong with the failover buffer of a gateway. With `partial` the block is one layer of
 * several (a template alone), so values that it does not give are not compared.
 */
export function bufferFindings(
  buffer: GatewayBuffer | undefined,
  owner: string,
  locate: (field: keyof GatewayBuffer) => string,
  partial = false,
): Finding[] {
  if (!buffer || buffer.enabled === false) return [];
  const findings = (['window', 'maxFailoverDuration', 'minTimeBetweenFailovers'] as const).flatMap(
    (field) => judgeDuration(field, buffer[field], owner, locate),
  );
  const both = buffer.window !== undefined && buffer.maxFailoverDuration !== undefined;
  if (findings.length > 0 || (partial && !both)) return findings;
  return judgeOrder(buffer, owner, locate);
}

type Locate = (field: keyof GatewayBuffer) => string;

function judgeDuration(
  field: 'window' | 'maxFailoverDuration' | 'minTimeBetweenFailovers',
  text: string | undefined,
  owner: string,
  locate: Locate,
): Finding[] {
  if (text === undefined) return [];
  const value = parseDuration(text);
  const mayBeZero = field === 'minTimeBetweenFailovers';
  if (value !== undefined && value >= (mayBeZero ? 0n : 1n)) return [];
  return [
    {
      path: locate(field),
      value: text,
      message: `the ${field} of the buffer of ${owner} is ${value === undefined ? 'no duration' : 'not above 0'}`,
      allowed: mayBeZero ? 'a duration of 0s or more' : 'a duration above 0, such as 10s',
      fix: `write for example ${field === 'window' ? '10s' : '20s'}`,
    },
  ];
}

function judgeOrder(buffer: GatewayBuffer, owner: string, locate: Locate): Finding[] {
  const window = buffer.window ?? BINARY_DEFAULTS.window;
  const most = buffer.maxFailoverDuration ?? BINARY_DEFAULTS.maxFailoverDuration;
  if ((parseDuration(window) ?? 0n) <= (parseDuration(most) ?? 0n)) return [];
  const unset = buffer.maxFailoverDuration === undefined ? ' (the default)' : '';
  return [
    {
      path: locate(buffer.window === undefined ? 'maxFailoverDuration' : 'window'),
      value: buffer.window ?? most,
      message: `the buffer of ${owner} has window ${window}, longer than maxFailoverDuration ${most}${unset}`,
      allowed: `a window of at most ${most}`,
      fix: `lower window to ${most}, or raise maxFailoverDuration to ${window}`,
    },
  ];
}
