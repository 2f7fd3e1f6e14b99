import type { ResourceRequirements } from '../../../schemas/k8s.ts';
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
          resourceFindings(resources, () => ({ owner, path: pointer(...path, 'resources') })).map(
            (finding) => ({
              ...finding,
              ...mode,
            }),
          ),
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
  const judge = (
    resources: ResourceRequirements | undefined,
    owner: string,
    ...field: string[]
  ): Finding[] =>
    resourceFindings(resources, () => ({
      owner,
      path: locate(
        cluster,
        ['spec', ...field, 'resources'],
        ['spec', field[0] ?? '', 'templateRef'],
        ['spec', 'templateDefaults', 'coreTemplate'],
      ),
    }));
  const { globalTopo, multiadmin, multiadminWeb } = resolved;
  const etcd = globalTopo.kind === 'etcd' ? globalTopo.etcd.resources : undefined;
  return [
    ...judge(etcd, 'the global etcd', 'globalTopoServer', 'etcd'),
    ...judge(multiadmin.spec.resources, 'multiadmin', 'multiadmin', 'spec'),
    ...judge(multiadminWeb.spec.resources, 'multiadmin-web', 'multiadminWeb', 'spec'),
  ];
}

function cells(cluster: MultigresCluster, resolved: ResolvedCluster): Finding[] {
  return resolved.cells.flatMap(({ name, gateway, localTopo }) => [
    ...resourceFindings(gateway.resources, () => ({
      owner: `the gateway of cell ${name}`,
      path: locateInCell(cluster, name, 'multigateway', 'resources'),
    })),
    ...resourceFindings(localTopo?.etcd?.resources, () => ({
      owner: `the etcd of cell ${name}`,
      path: locateInCell(cluster, name, 'localTopoServer', 'etcd', 'resources'),
    })),
  ]);
}

function shards(cluster: MultigresCluster, resolved: ResolvedCluster): Finding[] {
  return shardViews(cluster, resolved).flatMap((view) => {
    const { multiorch, pools } = view.shard;
    return [
      ...resourceFindings(multiorch.resources, () => ({
        owner: `multiorch of ${view.title}`,
        path: locateInShard(cluster, view, 'multiorch', 'resources'),
      })),
      ...Object.entries(pools).flatMap(([name, pool]) =>
        (['postgres', 'multipooler'] as const).flatMap((part) =>
          resourceFindings(pool[part]?.resources, () => ({
            owner: `${part} of pool ${name} of ${view.title}`,
            path: locateInShard(cluster, view, 'pools', name, part, 'resources'),
          })),
        ),
      ),
    ];
  });
}
