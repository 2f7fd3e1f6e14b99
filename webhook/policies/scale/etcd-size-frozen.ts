import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import { clusterOf, locate, locateInCell } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';

export const etcdSizeFrozen: Policy = {
  id: 'etcd-size-frozen',
  code: 'MG024',
  kinds: ['MultigresCluster'],
  operations: ['UPDATE'],
  mode: 'deny',
  summary: 'The number of etcd members does not change.',
  description: `An etcd cluster is formed once with a fixed list of members. Adding or removing Pods
does not add or remove members, so a change would leave it without quorum; the operator does not do the
steps that it would take. Leaving the field out means 3. Compared is what templates and defaults give
before and after, for the global etcd and for those of cells.`,
  good: `globalTopoServer:
  etcd: { replicas: 3 } # as before`,
  bad: `globalTopoServer:
  etcd: { replicas: 5 } # was 3`,
  check(ctx) {
    const [resolved, before] = [ctx.resolved(), ctx.oldResolved()];
    if (!resolved || !before) return [];
    const cluster = clusterOf(ctx);
    const findings: Finding[] = [];
    const [now, old] = [members(resolved), members(before)];
    if (now !== undefined && old !== undefined && now !== old) {
      const path = locate(
        cluster,
        ['spec', 'globalTopoServer', 'etcd', 'replicas'],
        ['spec', 'globalTopoServer', 'templateRef'],
        ['spec', 'templateDefaults', 'coreTemplate'],
      );
      findings.push(change(path, 'the global etcd', old, now));
    }
    for (const cell of resolved.cells) {
      const count = cell.localTopo?.etcd?.replicas;
      const was = before.cells.find(({ name }) => name === cell.name)?.localTopo?.etcd?.replicas;
      if (count === undefined || was === undefined || count === was) continue;
      const path = locateInCell(cluster, cell.name, 'localTopoServer', 'etcd', 'replicas');
      findings.push(change(path, `the etcd of cell ${cell.name}`, was, count));
    }
    return findings;
  },
};

function members(resolved: ResolvedCluster): number | undefined {
  return resolved.globalTopo.kind === 'etcd' ? resolved.globalTopo.etcd.replicas : undefined;
}

function change(path: string, owner: string, old: number, now: number): Finding {
  return {
    path,
    value: now,
    message: `${owner} has ${old} members and cannot have ${now}: the operator does not change the number of members that run`,
    allowed: String(old),
    fix: `keep ${old}`,
  };
}
