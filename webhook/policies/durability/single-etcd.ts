import { majorityOf } from '../../../schemas/durability.ts';
import { clusterOf } from '../locate.ts';
import { CLUSTER_WRITES, type Finding, type Policy } from '../policy.ts';
import { etcdsOf } from '../topology.ts';

export const singleEtcd: Policy = {
  id: 'single-etcd',
  code: 'MG025',
  ...CLUSTER_WRITES,
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
    return etcdsOf(clusterOf(ctx), resolved).flatMap(({ owner, etcd, at }) =>
      weakness(at('replicas'), owner, etcd.replicas),
    );
  },
};

function weakness(path: string, owner: string, replicas: number): Finding | [] {
  if (replicas !== 1 && replicas % 2 !== 0) return [];
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
