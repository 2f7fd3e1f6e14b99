import { majorityOf } from '../../../schemas/durability.ts';
import { clusterOf, locate } from '../locate.ts';
import type { Finding, Policy } from '../policy.ts';

export const singleEtcd: Policy = {
  id: 'single-etcd',
  code: 'MG025',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary: 'The global etcd has three members or more, and an odd number of them.',
  description: `One member is fine for trying things out. When it is down, no failover and no change of
the topology is possible; when its volume is lost, the topology is. An even number tolerates no more
than the odd number below it, and one more member can fail. What counts is what templates and defaults
give.`,
  good: `globalTopoServer:
  etcd: { replicas: 3 }`,
  bad: `globalTopoServer:
  etcd: { replicas: 1 }`,
  check(ctx) {
    const resolved = ctx.resolved();
    if (resolved?.globalTopo.kind !== 'etcd') return [];
    const { replicas } = resolved.globalTopo.etcd;
    if (replicas > 1 && replicas % 2 === 1) return [];
    const finding: Finding = {
      path: locate(
        clusterOf(ctx),
        ['spec', 'globalTopoServer', 'etcd', 'replicas'],
        ['spec', 'globalTopoServer', 'templateRef'],
        ['spec', 'templateDefaults', 'coreTemplate'],
      ),
      value: replicas,
      message: 'a single etcd is a single point of failure',
      allowed: '3, 5 or 7 for anything that matters',
      fix: 'use 3 from the start: the number cannot be changed later',
      brief: 'global etcd: 1 member is a single point of failure; start with 3, it cannot change',
    };
    if (replicas === 1) return [finding];
    const tolerates = replicas - majorityOf(replicas);
    return [
      {
        ...finding,
        message: `an etcd of ${replicas} tolerates the loss of ${tolerates}, as one of ${replicas - 1} does`,
        fix: `use ${replicas + 1} from the start: the number cannot be changed later`,
        brief: `global etcd: ${replicas} members tolerate ${tolerates} lost, as ${replicas - 1} do; start with ${replicas + 1}`,
      },
    ];
  },
};
