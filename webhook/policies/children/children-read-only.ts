import type { Policy } from '../policy.ts';

export const childrenReadOnly: Policy = {
  id: 'children-read-only',
  code: 'MG002',
  kinds: ['Cell', 'TableGroup', 'Shard', 'TopoServer'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  mode: 'deny',
  summary: 'Cells, TableGroups, Shards and TopoServers are written by the operator only.',
  description: `These objects are made from a MultigresCluster and follow it. A change by hand would
be undone, or would remove Pods and volumes that the cluster still needs. Only the operator's own
service account and the two clean-up controllers of Kubernetes (garbage collector, namespace
controller) may write them; membership in a group such as \`system:masters\` makes no difference.
Objects that are being deleted are exempt, so that a stuck finalizer can be removed.`,
  good: `# kubectl edit multigrescluster demo
spec:
  cells:
    - name: zone-a
      zoneId: use1-az1`,
  bad: `# kubectl edit cell demo-zone-a-96c88ae0
spec:
  multigateway:
    replicas: 5`,
  evenForMetadata: true,
  guard: true,
  check(ctx) {
    if (ctx.trustedUsers.includes(ctx.user)) return [];
    const cluster = (ctx.old ?? ctx.object)?.metadata.labels?.['multigres.com/cluster'];
    return {
      path: '',
      message: `${ctx.kind} ${ctx.name} is written by the operator only, not by ${ctx.user || 'an unnamed user'}`,
      allowed: 'reading it, and any change of the MultigresCluster that it belongs to',
      fix: cluster
        ? `change MultigresCluster ${cluster} instead, for example by kubectl edit multigrescluster ${cluster} -n ${ctx.namespace}`
        : 'change the MultigresCluster that it belongs to instead',
    };
  },
};
