import { clusterOf, pointer } from '../locate.ts';
import type { Policy } from '../policy.ts';

export const singleEtcd: Policy = {
  id: 'single-etcd',
  code: 'MG025',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'warn',
  summary: 'The global etcd has three members or more.',
  description: `One member is fine for trying things out. When it is down, no failover and no change of
the topology is possible; when its volume is lost, the topology is.`,
  good: `globalTopoServer:
  etcd: { replicas: 3 }`,
  bad: `globalTopoServer:
  etcd: { replicas: 1 }`,
  check(ctx) {
    if (clusterOf(ctx).spec?.globalTopoServer?.etcd?.replicas !== 1) return [];
    return [
      {
        path: pointer('spec', 'globalTopoServer', 'etcd', 'replicas'),
        value: 1,
        message: 'a single etcd is a single point of failure',
        allowed: '3, 5 or 7 for anything that matters',
        fix: 'use 3 from the start: the number cannot be changed later',
      },
    ];
  },
};
