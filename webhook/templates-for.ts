import type { KubeApi } from '../kube/api.ts';
import { KINDS, type KubeObject } from '../schemas/k8s.ts';
import { BUILTIN } from '../schemas/resolve/builtin.ts';
import { TEMPLATE_PARTS, templateReferences } from '../schemas/resolve/templates.ts';
import type { TemplateKind } from '../schemas/resolve/templates.ts';
import type { Templates } from '../schemas/resolve/types.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import type { Live } from './live.ts';

interface TemplatesDeps {
  live: Pick<Live, 'listers' | 'defaultTemplate'>;
  kube: Pick<KubeApi, 'get'>;
}

const TEMPLATE_KINDS = Object.keys(TEMPLATE_PARTS) as TemplateKind[];

/** What applies to all parts of a cluster that name no template themselves. */
const FOR_ALL = {
  CoreTemplate: 'coreTemplate',
  CellTemplate: 'cellTemplate',
  ShardTemplate: 'shardTemplate',
} as const;

/**
 * The templates of a namespace: the copies, and beyond them, read live, those that one of the clusters
 * names. Hardly ever is there any, so whoever waits for this seldom waits.
 */
export async function templatesFor(
  { live, kube }: TemplatesDeps,
  namespace: string,
  clusters: readonly MultigresCluster[],
): Promise<Templates> {
  const templates: Record<keyof Templates, Readonly<Record<string, KubeObject>>> = {
    core: live.listers.CoreTemplate.byName(namespace),
    cell: live.listers.CellTemplate.byName(namespace),
    shard: live.listers.ShardTemplate.byName(namespace),
  };
  const named = clusters.flatMap((cluster) => templateReferences(cluster));
  for (const kind of TEMPLATE_KINDS) {
    const part = TEMPLATE_PARTS[kind];
    const add = (object: KubeObject | null | undefined): void => {
      if (object) templates[part] = { ...templates[part], [object.metadata.name]: object };
    };
    const lacking = named.filter(
      (one) => one.kind === kind && !Object.hasOwn(templates[part], one.name),
    );
    for (const name of new Set(lacking.map((one) => one.name))) {
      add(await kube.get({ kind: KINDS[kind], namespace, name }));
    }
    // It applies where nobody names another, which each cluster can do once for all its parts.
    const mayApply = clusters.some(({ spec }) => !spec?.templateDefaults?.[FOR_ALL[kind]]);
    if (mayApply && !Object.hasOwn(templates[part], BUILTIN.template)) {
      add(await live.defaultTemplate(kind, namespace));
    }
  }
  // The schema of the CRD has seen to it that they are of these types.
  return templates as unknown as Templates;
}
