import { bufferOf } from '../../../schemas/buffer.ts';
import { BUFFER_DEFAULTS } from '../../../schemas/resolve/builtin.ts';
import { parseDuration } from '../../../schemas/duration.ts';
import type { CellTemplate, GatewayBuffer } from '../../../schemas/types.ts';
import { clusterOf, locateInCell, pointer } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';

export const gatewayBuffer: Policy = {
  id: 'gateway-buffer',
  code: 'MG021',
  kinds: ['MultigresCluster', 'CellTemplate'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'The buffer window of a gateway is above 0 and not longer than maxFailoverDuration.',
  description: `During a failover the gateway holds queries back for \`window\`, in all for at most
\`maxFailoverDuration\`. A gateway whose window is the longer one does not start. Where only one of the two
is written, the other follows it: their defaults are ${BUFFER_DEFAULTS.window} and
${BUFFER_DEFAULTS.maxFailoverDuration}. Nothing is checked while the buffer is switched off. Of a CellTemplate
is judged what it says itself, and what comes of it in the clusters that use it.`,
  good: `multigateway:
  buffer: { window: 50s } # maxFailoverDuration is then 50s too`,
  bad: `multigateway:
  buffer: { window: 25s, maxFailoverDuration: 20s }`,
  check(ctx) {
    if (ctx.kind === 'CellTemplate') {
      const buffer = (ctx.object as CellTemplate).spec?.multigateway?.buffer;
      const at = (field: string): string => pointer('spec', 'multigateway', 'buffer', field);
      return bufferFindings(buffer, 'the gateway', at);
    }
    const cluster = clusterOf(ctx);
    return (ctx.resolved()?.cells ?? []).flatMap(({ name, gateway }) =>
      bufferFindings(gateway.buffer, `the gateway of cell ${name}`, (field) =>
        locateInCell(cluster, name, 'multigateway', 'buffer', field),
      ),
    );
  },
};

const DURATIONS = ['window', 'maxFailoverDuration', 'minTimeBetweenFailovers'] as const;

type Locate = (field: keyof GatewayBuffer) => string;

/**
 * What is wrong with the failover buffer of a gateway, or with one layer of it: values that it does not
 * give follow those that it does, so they never make it wrong.
 */
export function bufferFindings(
  given: GatewayBuffer | undefined,
  owner: string,
  locate: Locate,
): Finding[] {
  if (!given || given.enabled === false) return [];
  const findings = DURATIONS.flatMap((field) => judgeDuration(field, given[field], owner, locate));
  return findings.length > 0 ? findings : [judgeOrder(given, owner, locate)].flat();
}

function judgeDuration(
  field: (typeof DURATIONS)[number],
  text: string | undefined,
  owner: string,
  locate: Locate,
): Finding | [] {
  if (text === undefined) return [];
  const value = parseDuration(text);
  const mayBeZero = field === 'minTimeBetweenFailovers';
  if (value !== undefined && value >= (mayBeZero ? 0n : 1n)) return [];
  return {
    path: locate(field),
    value: text,
    message: `the ${field} of the buffer of ${owner} is ${value === undefined ? 'no duration' : 'not above 0'}`,
    allowed: mayBeZero ? 'a duration of 0s or more' : 'a duration above 0, such as 10s',
    fix: `write for example ${field === 'window' ? '10s' : '20s'}`,
  };
}

function judgeOrder(given: GatewayBuffer, owner: string, locate: Locate): Finding | [] {
  const { window, maxFailoverDuration: most } = bufferOf(given);
  if ((parseDuration(window) ?? 0n) <= (parseDuration(most) ?? 0n)) return [];
  return {
    path: locate('window'),
    value: window,
    message: `the buffer of ${owner} has window ${window}, longer than maxFailoverDuration ${most}`,
    allowed: `a window of at most ${most}`,
    fix: `lower window to ${most}, or raise maxFailoverDuration to ${window}`,
  };
}
