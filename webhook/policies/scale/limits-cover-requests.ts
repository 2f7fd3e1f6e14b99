import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { locate, locateInCell, locateInShard, pointer, shardViews } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';
import { resourceFindings } from '../resources.ts';
import { findNew, findNewIn } from '../stored.ts';
import { templateParts } from '../template-parts.ts';

export const limitsCoverRequests: Policy = {
  id: 'limits-cover-requests',
  code: 'MG019',
  kinds: ['MultigresCluster', 'CoreTemplate', 'CellTemplate', 'ShardTemplate'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary:
    'Resource requests and limits are quantities above 0, and no limit is below its request.',
  description: `Kubernetes refuses Pods whose limit is below their request, long after the cluster was
accepted. Quantities are compared by value: \`1\` equals \`1000m\`. What is none, or 0, is refused too. Looked at is what comes out after
templates and overrides, and each template by itself: a CoreTemplate or ShardTemplate that no cluster
uses is warned about. A block replaces the block of a lower layer as a whole.`,
  good: `resources:
  requests: { memory: 128Mi }
  limits: { memory: 256Mi }`,
  bad: `resources:
  requests: { memory: 128Mi }
  limits: { memory: 64Mi }`,
  check(ctx) {
    if (ctx.kind !== 'MultigresCluster') {
      // As multigres-operator: of these two it asks nothing until a cluster uses them.
      const mode = ctx.kind === 'CellTemplate' ? {} : ({ mode: 'warn' } as const);
      return findNewIn(ctx, (template) =>
        templateParts(ctx.kind, template).flatMap(({ owner, path, resources }) =>
          resourceFindings(resources, owner, pointer(...path, 'resources')).map((finding) => ({
            ...finding,
            ...mode,
          })),
        ),
      );
    }
    return findNew(ctx, (cluster, resolved) => [
      ...core(cluster, resolved),
      ...cells(cluster, resolved),
      ...shards(cluster, resolved),
    ]);
  },
};

function core(cluster: MultigresCluster, resolved: ResolvedCluster): Finding[] {
  const at = (part: string, ...field: string[]): string =>
    locate(
      cluster,
      ['spec', part, ...field, 'resources'],
      ['spec', part, 'templateRef'],
      ['spec', 'templateDefaults', 'coreTemplate'],
    );
  const { globalTopo, multiadmin, multiadminWeb } = resolved;
  return [
    ...(globalTopo.kind === 'etcd'
      ? resourceFindings(
          globalTopo.etcd.resources,
          'the global etcd',
          at('globalTopoServer', 'etcd'),
        )
      : []),
    ...resourceFindings(multiadmin.spec.resources, 'multiadmin', at('multiadmin', 'spec')),
    ...resourceFindings(
      multiadminWeb.spec.resources,
      'multiadmin-web',
      at('multiadminWeb', 'spec'),
    ),
  ];
}

function cells(cluster: MultigresCluster, resolved: ResolvedCluster): Finding[] {
  return resolved.cells.flatMap((cell) => [
    ...resourceFindings(
      cell.gateway.resources,
      `the gateway of cell ${cell.name}`,
      locateInCell(cluster, cell.name, 'multigateway', 'resources'),
    ),
    ...resourceFindings(
      cell.localTopo?.etcd?.resources,
      `the etcd of cell ${cell.name}`,
      locateInCell(cluster, cell.name, 'localTopoServer', 'etcd', 'resources'),
    ),
  ]);
}

function shards(cluster: MultigresCluster, resolved: ResolvedCluster): Finding[] {
  return shardViews(cluster, resolved).flatMap((view) => [
    ...resourceFindings(
      view.shard.multiorch.resources,
      `multiorch of ${view.title}`,
      locateInShard(cluster, view, 'multiorch', 'resources'),
    ),
    ...Object.entries(view.shard.pools).flatMap(([name, pool]) =>
      (['postgres', 'multipooler'] as const).flatMap((part) =>
        resourceFindings(
          pool[part]?.resources,
          `${part} of pool ${name} of ${view.title}`,
          locateInShard(cluster, view, 'pools', name, part, 'resources'),
        ),
      ),
    ),
  ]);
}
