import { bufferOf } from '../../schemas/buffer.ts';
import { parseDuration } from '../../schemas/duration.ts';
import type { GatewayBuffer } from '../../schemas/types.ts';
import type { Finding } from './policy.ts';

/**
 * What is wrong with the failover buffer of a gateway, or with one layer of it: values that it does not
 * give follow those that it does, so they never make it wrong.
 */
export function bufferFindings(
  given: GatewayBuffer | undefined,
  owner: string,
  locate: (field: keyof GatewayBuffer) => string,
): Finding[] {
  if (!given || given.enabled === false) return [];
  const findings = (['window', 'maxFailoverDuration', 'minTimeBetweenFailovers'] as const).flatMap(
    (field) => judgeDuration(field, given[field], owner, locate),
  );
  return findings.length > 0 ? findings : judgeOrder(given, owner, locate);
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

function judgeOrder(given: GatewayBuffer, owner: string, locate: Locate): Finding[] {
  const { window, maxFailoverDuration: most } = bufferOf(given);
  if ((parseDuration(window) ?? 0n) <= (parseDuration(most) ?? 0n)) return [];
  return [
    {
      path: locate('window'),
      value: window,
      message: `the buffer of ${owner} has window ${window}, longer than maxFailoverDuration ${most}`,
      allowed: `a window of at most ${most}`,
      fix: `lower window to ${most}, or raise maxFailoverDuration to ${window}`,
    },
  ];
}
