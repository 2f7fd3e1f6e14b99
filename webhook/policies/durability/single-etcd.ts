import { majorityOf } from '../../../schemas/durability.ts';
import { clusterOf, locate, locateInCell } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';

export const singleEtcd: Policy = {
  id: 'single-etcd',
  code: 'MG025',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary: 'An etcd has three members or more, and an odd number of them.',
  description: `One member is fine for trying things out. When it is down, no failover and no change of
the topology is possible; when its volume is lost, the topology is. With the etcd of a cell it is the same for
that cell: its gateways learn of no new leader. An even number tolerates no more
than the odd number below it, and one more member can fail. What counts is what templates and defaults
give.`,
  good: `globalTopoServer:
  etcd: { replicas: 3 }`,
  bad: `globalTopoServer:
  etcd: { replicas: 1 }`,
  check(ctx) {
    const resolved = ctx.resolved();
    if (!resolved) return [];
    const cluster = clusterOf(ctx);
    const findings: Finding[] = [];
    if (resolved.globalTopo.kind === 'etcd' && isWeak(resolved.globalTopo.etcd.replicas)) {
      const path = locate(
        cluster,
        ['spec', 'globalTopoServer', 'etcd', 'replicas'],
        ['spec', 'globalTopoServer', 'templateRef'],
        ['spec', 'templateDefaults', 'coreTemplate'],
      );
      findings.push(weakness(path, 'the global etcd', resolved.globalTopo.etcd.replicas));
    }
    for (const { name, localTopo } of resolved.cells) {
      if (!localTopo?.etcd || !isWeak(localTopo.etcd.replicas)) continue;
      const path = locateInCell(cluster, name, 'localTopoServer', 'etcd', 'replicas');
      findings.push(weakness(path, `the etcd of cell ${name}`, localTopo.etcd.replicas));
    }
    return findings;
  },
};

function isWeak(replicas: number): boolean {
  return replicas === 1 || replicas % 2 === 0;
}

function weakness(path: string, owner: string, replicas: number): Finding {
  const tolerates = replicas - majorityOf(replicas);
  const better = replicas === 1 ? 3 : replicas + 1;
  return {
    path,
    value: replicas,
    message:
      replicas === 1
        ? `${owner} has a single member, a single point of failure`
        : `${owner} of ${replicas} tolerates the loss of ${tolerates}, as one of ${replicas - 1} does`,
    allowed: '3, 5 or 7 for anything that matters',
    fix: `use ${better} from the start: the number cannot be changed later`,
    brief:
      replicas === 1
        ? `${owner} has 1 member, a single point of failure: have 3 from the start`
        : `${owner} of ${replicas} tolerates no more than one of ${replicas - 1}: have ${better} from the start`,
  };
}
