import { missingTemplates, templateReferences } from '../../../schemas/resolve/templates.ts';
import { clusterOf, pointerFrom } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';
import { nearest } from '../../../schemas/spelling.ts';
import { oneOf } from '../words.ts';

export const referencesExist: Policy = {
  id: 'references-exist',
  code: 'MG001',
  ...CLUSTER_WRITES,
  mode: 'deny',
  summary: 'Every template that a cluster names exists in its namespace.',
  description: `Templates are looked up in the namespace of the cluster, nowhere else. A name that
nothing carries would leave the component without a definition, so the cluster is refused. Create
the template first, or in the same \`kubectl apply\` before the cluster.`,
  good: `spec:
  templateDefaults:
    cellTemplate: small # a CellTemplate of this name exists in the namespace`,
  bad: `spec:
  templateDefaults:
    cellTemplate: smal # no such CellTemplate`,
  check(ctx) {
    const { templates } = ctx.world;
    if (!templates) return [];
    const cluster = clusterOf(ctx);
    const names = {
      CoreTemplate: Object.keys(templates.core),
      CellTemplate: Object.keys(templates.cell),
      ShardTemplate: Object.keys(templates.shard),
    };
    const missing = new Set(missingTemplates(cluster, templates).map(({ path }) => path));
    return templateReferences(cluster)
      .filter(({ path }) => missing.has(path))
      .map(({ kind, name, path }) => {
        const near = nearest(name, names[kind]);
        return {
          path: pointerFrom(path),
          value: name,
          message: `there is no ${kind} of this name in namespace ${ctx.namespace}`,
          allowed: oneOf(names[kind]),
          fix: near
            ? `write ${near}, or create the ${kind} ${name}`
            : `create the ${kind} ${name}, or name one that exists`,
        };
      });
  },
};
