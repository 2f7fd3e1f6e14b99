import { LABELS } from '../../../schemas/labels.ts';
import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import { cellTopoClaims, globalTopoClaims } from '../claims.ts';
import { clusterOf, locate, locateInCell } from '../locate.ts';
import type { Finding, Policy, PolicyContext } from '../policy.ts';
import { count } from '../words.ts';
import type { WorldClaim } from '../world.ts';

export const etcdSizeFrozen: Policy = {
  id: 'etcd-size-frozen',
  code: 'MG024',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'The number of etcd members does not change.',
  description: `An etcd cluster is formed once with a fixed list of members. Adding or removing Pods
does not add or remove members, so a change would leave it without quorum; the operator does not do the
steps that it would take. Leaving the field out means 3. Compared is what templates and defaults give
before and after, for the global etcd and for those of cells. Where there was none before, the volumes
count: an etcd that was left for a topology server of others, or kept when its cluster was deleted, is
formed already. A new cluster over such volumes is warned about, since they may be on their way out.`,
  good: `globalTopoServer:
  etcd: { replicas: 3 } # as before`,
  bad: `globalTopoServer:
  etcd: { replicas: 5 } # was 3`,
  check(ctx) {
    const [resolved, before] = [ctx.resolved(), ctx.oldResolved()];
    if (!resolved || (ctx.old && !before)) return [];
    const cluster = clusterOf(ctx);
    const findings: Finding[] = [];
    const now = members(resolved);
    if (now !== undefined) {
      const old = before && members(before);
      const claims = old === undefined ? globalTopoClaims(volumes(ctx), resolved.name) : [];
      const path = (): string =>
        locate(
          cluster,
          ['spec', 'globalTopoServer', 'etcd', 'replicas'],
          ['spec', 'globalTopoServer', 'templateRef'],
          ['spec', 'templateDefaults', 'coreTemplate'],
        );
      judge(ctx, { owner: 'the global etcd', now, old, claims, path }, findings);
    }
    for (const { name, localTopo } of resolved.cells) {
      if (!localTopo?.etcd) continue;
      const old = before?.cells.find((cell) => cell.name === name)?.localTopo?.etcd?.replicas;
      const claims = old === undefined ? cellTopoClaims(volumes(ctx), resolved.name, name) : [];
      const path = (): string => locateInCell(cluster, name, 'localTopoServer', 'etcd', 'replicas');
      const { replicas } = localTopo.etcd;
      judge(ctx, { owner: `the etcd of cell ${name}`, now: replicas, old, claims, path }, findings);
    }
    return findings;
  },
};

interface Etcd {
  owner: string;
  now: number;
  /** Members before; undefined if there was no such etcd. */
  old: number | undefined;
  /** Volumes of an etcd that is not in the stored spec. */
  claims: readonly WorldClaim[];
  path: () => string;
}

/** Old knowledge will do: a volume that was there is the more likely to be there still. */
function volumes({ world }: PolicyContext): readonly WorldClaim[] {
  return world.claims ?? [];
}

function members(resolved: ResolvedCluster): number | undefined {
  return resolved.globalTopo.kind === 'etcd' ? resolved.globalTopo.etcd.replicas : undefined;
}

function judge(ctx: PolicyContext, etcd: Etcd, findings: Finding[]): void {
  const { owner, now, old, claims, path } = etcd;
  const formed = old ?? claims.length;
  if (formed === 0 || formed === now) return;
  if (old !== undefined) {
    findings.push({
      path: path(),
      value: now,
      message: `${owner} has ${old} members and cannot have ${now}: the operator does not change the number of members that run`,
      allowed: String(old),
      fix: `keep ${old}`,
    });
    return;
  }
  const server = claims[0]?.labels[LABELS.toposerver] ?? '';
  const isNew = ctx.operation === 'CREATE';
  findings.push({
    path: path(),
    value: now,
    message: `${owner} was formed with ${count(formed, 'member')}, whose volumes exist, and cannot have ${now}`,
    allowed: String(formed),
    fix: isNew
      ? `write ${formed}, or delete those volumes first: kubectl delete pvc -n ${ctx.namespace} -l ${LABELS.toposerver}=${server}`
      : `write ${formed}`,
    brief: `${owner} finds ${count(formed, 'volume')} of before and does not start with ${now}: write ${formed}`,
    ...(isNew ? { mode: 'warn' } : {}),
  });
}
