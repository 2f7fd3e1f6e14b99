import type { Templates } from '../../schemas/resolve/types.ts';
import { clusterOf, pointer } from './locate.ts';
import type { Finding, Policy } from './policy.ts';
import { templateRefs, TEMPLATE_KINDS } from './template-refs.ts';
import { nearest, oneOf } from './spelling.ts';

export const referencesExist: Policy = {
  id: 'references-exist',
  code: 'MG001',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
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
    return templateRefs(clusterOf(ctx))
      .filter(({ kind, name }) => templates[kind][name] === undefined)
      .map(({ kind, name, path }) => missing(templates, kind, name, pointer(...path)));
  },
};

function missing(
  templates: Templates,
  kind: keyof Templates,
  name: string,
  path: string,
): Finding {
  const names = Object.keys(templates[kind]);
  const near = nearest(name, names);
  return {
    path,
    value: name,
    message: `there is no ${TEMPLATE_KINDS[kind]} of this name in the namespace`,
    allowed: oneOf(names),
    fix: near
      ? `write ${near}, or create the ${TEMPLATE_KINDS[kind]} ${name}`
      : `create the ${TEMPLATE_KINDS[kind]} ${name}, or name one that exists`,
  };
}
