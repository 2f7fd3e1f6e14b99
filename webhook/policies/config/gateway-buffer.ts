import { BUFFER_DEFAULTS } from '../../../schemas/buffer.ts';
import type { ResolvedCell } from '../../../schemas/resolve/types.ts';
import type { CellTemplate, MultigresCluster } from '../../../schemas/types.ts';
import { bufferFindings } from '../buffer.ts';
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
    return (ctx.resolved()?.cells ?? []).flatMap((cell) => bufferOfCell(cluster, cell));
  },
};

/** Findings of the resolved buffer of one cell. */
function bufferOfCell(cluster: MultigresCluster, cell: ResolvedCell): Finding[] {
  return bufferFindings(cell.gateway.buffer, `the gateway of cell ${cell.name}`, (field) =>
    locateInCell(cluster, cell.name, 'multigateway', 'buffer', field),
  );
}
