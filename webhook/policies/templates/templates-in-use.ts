import { templateReferences } from '../../../schemas/resolve/templates.ts';
import { pointerFrom } from '../locate.ts';
import type { Finding, Policy, PolicyContext } from '../policy.ts';

export const templatesInUse: Policy = {
  id: 'templates-in-use',
  code: 'MG003',
  kinds: ['CoreTemplate', 'CellTemplate', 'ShardTemplate'],
  operations: ['DELETE'],
  mode: 'deny',
  summary: 'A template cannot be deleted while a cluster names it.',
  description: `A cluster takes what its templates say at every reconciliation, not only when it is
created. Without the template it could not be reconciled any more. Clusters that are being deleted
do not count. A template called \`default\` that is used without being named may be deleted: the
built-in defaults take over.`,
  good: `# no MultigresCluster of the namespace names the template
kubectl delete celltemplate small`,
  bad: `# MultigresCluster demo has spec.templateDefaults.cellTemplate: small
kubectl delete celltemplate small`,
  check(ctx) {
    return (ctx.world.clusters ?? [])
      .filter((cluster) => cluster.metadata.deletionTimestamp === undefined)
      .flatMap((cluster) =>
        templateReferences(cluster)
          .filter((ref) => ref.kind === ctx.kind && ref.name === ctx.name)
          .map((ref) => inUse(ctx, cluster.metadata.name, pointerFrom(ref.path))),
      );
  },
};

function inUse(ctx: PolicyContext, cluster: string, path: string): Finding {
  return {
    path: '',
    message: `${ctx.kind} ${ctx.name} is named by MultigresCluster ${cluster} at ${path}`,
    allowed: 'deleting templates that no cluster of the namespace names',
    fix: `point MultigresCluster ${cluster} at another template first`,
  };
}
