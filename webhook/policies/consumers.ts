import { LABELS } from '../../schemas/labels.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { BUILTIN } from '../../schemas/resolve/builtin.ts';
import {
  TEMPLATE_PARTS,
  templateReferences,
  type TemplateKind,
} from '../../schemas/resolve/templates.ts';
import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import type { Consumer, PolicyContext, PolicyKind } from './policy.ts';
import type { World } from './world.ts';

export type ConsumerInput = Omit<
  PolicyContext,
  'resolved' | 'oldResolved' | 'transition' | 'consumers'
>;

export function isTemplate(kind: PolicyKind): kind is TemplateKind {
  return Object.hasOwn(TEMPLATE_PARTS, kind);
}

/** By name, or because it is the one that applies where nothing is named. */
export function usesTemplate(cluster: MultigresCluster, kind: TemplateKind, name: string): boolean {
  if (name === BUILTIN.template) return true;
  return templateReferences(cluster).some((one) => one.kind === kind && one.name === name);
}

/**
 * The clusters that the request for a template reaches. Those that are being deleted do not count,
 * nor those that cannot be resolved on either side: what names a template that is missing is the
 * business of other policies. None for other kinds.
 */
export function consumersOf(
  input: ConsumerInput,
  create: (input: ConsumerInput) => PolicyContext,
): Consumer[] {
  const { kind, name, world } = input;
  if (!isTemplate(kind) || !world.templates) return [];
  const part = TEMPLATE_PARTS[kind];
  const before = replace(world.templates, part, name, input.old);
  const after = replace(world.templates, part, name, input.object);
  return (world.clusters ?? []).flatMap((cluster): Consumer[] => {
    if (cluster.metadata.deletionTimestamp !== undefined) return [];
    if (!usesTemplate(cluster, kind, name)) return [];
    const its = worldOf(world, cluster);
    const judged = (templates: Templates): PolicyContext =>
      create({
        ...input,
        operation: 'UPDATE',
        kind: 'MultigresCluster',
        name: cluster.metadata.name,
        object: cluster,
        old: cluster,
        world: { ...its, templates, oldTemplates: before },
      });
    const [was, now] = [judged(before), judged(after)];
    if (!was.resolved() || !now.resolved()) return [];
    const bare = withoutReferences(cluster);
    return [{ name: cluster.metadata.name, before: shown(was, bare), after: shown(now, bare) }];
  });
}

/**
 * The same context whose findings point at fields, as if everything stood in the cluster itself.
 * Policies look for a place in the text they are given; where it names a template they point there.
 */
function shown(ctx: PolicyContext, bare: MultigresCluster): PolicyContext {
  return {
    ...ctx,
    object: bare,
    old: bare,
    transition() {
      const transition = ctx.transition();
      return transition && { ...transition, old: bare, now: bare };
    },
  };
}

function withoutReferences(cluster: MultigresCluster): MultigresCluster {
  const bare = structuredClone(cluster);
  const { spec } = bare;
  if (!spec) return bare;
  delete spec.templateDefaults;
  delete spec.globalTopoServer?.templateRef;
  delete spec.multiadmin?.templateRef;
  delete spec.multiadminWeb?.templateRef;
  for (const cell of spec.cells ?? []) delete cell.cellTemplate;
  for (const { tablegroups = [] } of spec.databases ?? []) {
    for (const { shards = [] } of tablegroups)
      for (const shard of shards) delete shard.shardTemplate;
  }
  return bare;
}

function replace(
  templates: Templates,
  part: keyof Templates,
  name: string,
  template: KubeObject | undefined,
): Templates {
  const { [name]: _was, ...others } = templates[part];
  return { ...templates, [part]: template ? { ...others, [name]: template } : others };
}

/** What is known around one of the clusters. */
function worldOf({ shards, claims, ...rest }: World, cluster: MultigresCluster): World {
  const isIts = (labels: Readonly<Record<string, string>> | undefined): boolean =>
    labels?.[LABELS.cluster] === cluster.metadata.name;
  return {
    ...rest,
    ...(shards ? { shards: shards.filter(({ metadata }) => isIts(metadata.labels)) } : {}),
    ...(claims ? { claims: claims.filter(({ labels }) => isIts(labels)) } : {}),
  };
}
