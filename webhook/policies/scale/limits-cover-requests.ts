import type { ResourceRequirements } from '../../../schemas/k8s.ts';
import { own } from '../../../schemas/own.ts';
import { compareQuantity, parseQuantity } from '../../../schemas/quantity.ts';
import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../../schemas/types.ts';
import { locateInCell, locateInCore, pointer, poolsOf, shardViews } from '../locate.ts';
import type { ShardView } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';
import { findNew, findNewIn } from '../stored.ts';
import { etcdsOf } from '../topology.ts';
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
          resourceFindings(resources, owner, () => pointer(...path, 'resources')).map(
            (finding) => ({ ...finding, ...mode }),
          ),
        ),
      );
    }
    return findNew(ctx, (cluster, resolved) => [
      ...ofCluster(cluster, resolved),
      ...shardViews(cluster, resolved).flatMap(ofShard),
    ]);
  },
};

function ofCluster(cluster: MultigresCluster, resolved: ResolvedCluster): Finding[] {
  const etcds = etcdsOf(cluster, resolved);
  const ofEtcd = (wanted?: string): Finding[] =>
    etcds
      .filter(({ cell }) => cell === wanted)
      .flatMap(({ owner, etcd, at }) =>
        resourceFindings(etcd.resources, owner, () => at('resources')),
      );
  return [
    ...ofEtcd(),
    ...resourceFindings(resolved.multiadmin.spec.resources, 'multiadmin', () =>
      locateInCore(cluster, 'multiadmin', 'spec', 'resources'),
    ),
    ...resourceFindings(resolved.multiadminWeb.spec.resources, 'multiadmin-web', () =>
      locateInCore(cluster, 'multiadminWeb', 'spec', 'resources'),
    ),
    ...resolved.cells.flatMap(({ name, gateway }) => [
      ...resourceFindings(gateway.resources, `the gateway of cell ${name}`, () =>
        locateInCell(cluster, name, 'multigateway', 'resources'),
      ),
      ...ofEtcd(name),
    ]),
  ];
}

function ofShard(view: ShardView): Finding[] {
  return [
    ...resourceFindings(view.shard.multiorch.resources, `multiorch of ${view.title}`, () =>
      view.at('multiorch', 'resources'),
    ),
    ...poolsOf([view]).flatMap(({ owner, pool, at }) =>
      (['postgres', 'multipooler'] as const).flatMap((part) =>
        resourceFindings(pool[part]?.resources, `${part} of ${owner}`, () => at(part, 'resources')),
      ),
    ),
  ];
}

/**
 * Limits below requests, and quantities that are none, in one block of resources.
 * @param locate gives its JSON pointer; asked only when something is wrong: most blocks are right, and a
 * cluster has dozens
 */
function resourceFindings(
  resources: ResourceRequirements | undefined,
  owner: string,
  locate: () => string,
): Finding[] {
  const findings: Finding[] = [];
  const { requests, limits } = resources ?? {};
  for (const name in limits) {
    const [limit, request] = [own(limits, name), own(requests, name)];
    if (limit === undefined || request === undefined) continue;
    if (compareQuantity(limit, request) !== -1) continue;
    findings.push({
      path: locate(),
      value: String(limit),
      message: `${owner} has a ${name} limit of ${limit}, less than its request of ${request}`,
      brief: `${owner}: raise ${name} limit to its request`,
      allowed: `limits.${name} of at least ${request}`,
      fix: `raise limits.${name} to ${request} or lower requests.${name} to ${limit}`,
    });
  }
  for (const [part, quantities] of [
    ['requests', requests],
    ['limits', limits],
  ] as const) {
    for (const name in quantities) {
      const quantity = own(quantities, name);
      if (quantity === undefined || (parseQuantity(quantity) ?? 0n) > 0n) continue;
      findings.push({
        path: locate(),
        value: quantity,
        message: `${owner} has ${part}.${name} of ${quantity}, which is no quantity above 0`,
        brief: `${owner}: ${part}.${name} is no amount above 0`,
        allowed: 'numbers above 0 with units, such as 100m, 2, 256Mi, 1Gi',
        fix: `write for example ${EXAMPLES[name] ?? '1'}, or leave it out`,
      });
    }
  }
  return findings;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  cpu: '100m',
  memory: '256Mi',
  'ephemeral-storage': '1Gi',
};
