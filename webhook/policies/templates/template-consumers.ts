import { BUILTIN } from '../../../schemas/resolve/builtin.ts';
import { resolveCluster } from '../../../schemas/resolve/cluster.ts';
import type { ResolvedCell, Templates } from '../../../schemas/resolve/types.ts';
import type { CellTemplate, MultigresCluster } from '../../../schemas/types.ts';
import { bufferOfCell } from '../config/gateway-buffer.ts';
import type { Finding, Policy, PolicyContext } from '../policy.ts';
import { resourceFindings } from '../resources.ts';

export const templateConsumers: Policy = {
  id: 'template-consumers',
  code: 'MG027',
  kinds: ['CellTemplate'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  mode: 'deny',
  summary: 'A CellTemplate does not break the gateways of the clusters that use it.',
  description: `A change of a template reaches every cluster that uses it at once. The gateways of those
clusters are worked out with the new content, together with what the clusters add to it. A cluster
that is broken in the same way already, or is being deleted, does not count. The same is done when
the template \`default\` goes away.`,
  good: `# cluster demo overrides maxFailoverDuration: 60s
multigateway:
  buffer: { window: 30s }`,
  bad: `# cluster demo overrides maxFailoverDuration: 15s
multigateway:
  buffer: { window: 18s }`,
  check(ctx) {
    const { templates, clusters } = ctx.world;
    if (!templates || !clusters) return [];
    const own = (ctx.object as CellTemplate | undefined)?.spec?.multigateway?.resources;
    const findings = resourceFindings(own, 'the gateway', '/spec/multigateway/resources');
    const before = replace(templates, ctx.name, ctx.old as CellTemplate | undefined);
    const after = replace(templates, ctx.name, ctx.object as CellTemplate | undefined);
    for (const cluster of clusters) {
      if (cluster.metadata.deletionTimestamp !== undefined) continue;
      findings.push(...broken(ctx, cluster, before, after));
    }
    return findings;
  },
};

function replace(templates: Templates, name: string, template?: CellTemplate): Templates {
  const { [name]: _old, ...others } = templates.cell;
  return { ...templates, cell: template ? { ...others, [name]: template } : others };
}

function broken(
  ctx: PolicyContext,
  cluster: MultigresCluster,
  before: Templates,
  after: Templates,
): Finding[] {
  const [was, now] = [resolveCluster(cluster, before), resolveCluster(cluster, after)];
  // A cluster that names a template which is missing is the business of other policies.
  if (!now.ok) return [];
  const findings: Finding[] = [];
  for (const [index, config] of (cluster.spec?.cells ?? []).entries()) {
    const name = config.cellTemplate || cluster.spec?.templateDefaults?.cellTemplate;
    if ((name || BUILTIN.template) !== ctx.name) continue;
    const cell = now.value.cells[index];
    const old = was.ok ? was.value.cells[index] : undefined;
    if (!cell) continue;
    const known = new Set(old ? judge(cluster, old).map((f) => f.message) : []);
    for (const finding of judge(cluster, cell)) {
      if (known.has(finding.message)) continue;
      findings.push({
        ...finding,
        path: ctx.object ? '/spec/multigateway' : '',
        message: `MultigresCluster ${cluster.metadata.name} would break: ${finding.message}`,
      });
    }
  }
  return findings;
}

function judge(cluster: MultigresCluster, cell: ResolvedCell): Finding[] {
  const { resources } = cell.gateway;
  return [
    ...bufferOfCell(cluster, cell),
    ...resourceFindings(resources, `the gateway of cell ${cell.name}`, ''),
  ];
}
