import { LABELS } from '../../schemas/labels.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { BUILTIN } from '../../schemas/resolve/builtin.ts';
import { TEMPLATE_PARTS, templateReferences } from '../../schemas/resolve/templates.ts';
import type { TemplateKind } from '../../schemas/resolve/templates.ts';
import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { pointer, segmentsOf, valueAt } from './locate.ts';
import type { Consumer, Finding, Policy, PolicyContext, PolicyKind } from './policy.ts';
import { listed } from './words.ts';
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

/** Clusters that a finding names; of more the number is told. */
const MOST_NAMES = 5;

/**
 * Whether a policy is asked about the clusters behind a template: each one about updates of a cluster
 * is, since what an edit of a template does to a cluster is an update of it.
 */
export function reachesThrough(policy: Policy, { kind }: PolicyContext): boolean {
  return (
    isTemplate(kind) &&
    policy.kinds.includes('MultigresCluster') &&
    policy.operations.includes('UPDATE')
  );
}

/**
 * `own`, what was found in the template itself, and what `judge` finds in the clusters that use it and
 * did not find before, put to the template: the path is that of the field in the template where it has
 * one, the message names the clusters. Of the same place only one of the two speaks: the one that
 * denies, else the template itself.
 */
export function throughTemplate<F extends Finding & { failure?: unknown }>(
  ctx: PolicyContext,
  own: readonly F[],
  judge: (consumer: PolicyContext) => F[],
): F[] {
  const said = new Set(own.filter(({ mode }) => mode !== 'warn').map(({ path }) => path));
  const hinted = new Set(own.map(({ path }) => path));
  const denied = new Set<string>();
  const found = new Map<string, { finding: F; clusters: string[] }>();
  for (const { name, before, after } of ctx.consumers()) {
    const findings = judge(after);
    if (findings.length === 0) continue;
    const known = new Set(judge(before).map(({ message }) => message));
    for (const one of findings) {
      if (known.has(one.message) && one.failure === undefined) continue;
      const path = pathIn(ctx, one.path);
      if (path !== undefined && said.has(path)) continue;
      if (path !== undefined && hinted.has(path)) {
        if (one.mode === 'warn') continue;
        denied.add(path);
      }
      const key = JSON.stringify([one.path, one.message, one.allowed, one.fix, one.mode]);
      const entry = found.get(key) ?? { finding: readdress(one, path), clusters: [] };
      entry.clusters.push(name);
      found.set(key, entry);
    }
  }
  const others = [...found.values()].map(({ finding, clusters }) => ({
    ...finding,
    message: `in ${naming(clusters)}${finding.message}`,
    ...(finding.brief === undefined ? {} : { brief: `${shortly(clusters)}: ${finding.brief}` }),
  }));
  return [...own.filter(({ path }) => !denied.has(path)), ...others];
}

/** The message of what has no place in the template says where it stands in the cluster. */
function readdress<F extends Finding>(finding: F, path: string | undefined): F {
  if (path !== undefined) return { ...finding, path, message: `: ${finding.message}` };
  const place = finding.path === '' ? '' : ` at ${finding.path}`;
  return { ...finding, path: '', message: `${place}: ${finding.message}` };
}

function naming(clusters: readonly string[]): string {
  const names = clusters.slice(0, MOST_NAMES);
  const rest = clusters.length - names.length;
  const all = listed(rest > 0 ? [...names, `${rest} more`] : names, 'and');
  return `MultigresCluster${clusters.length > 1 ? 's' : ''} ${all}`;
}

function shortly([first = '', ...others]: readonly string[]): string {
  return others.length > 0 ? `${others.length + 1} clusters` : first;
}

const SHARD = /^\/spec\/databases\/\d+\/tablegroups\/\d+\/shards\/\d+\/(?:spec|overrides)(\/.*)$/;
const CELL = /^\/spec\/cells\/\d+\/(?:spec|overrides)(\/.*)$/;
const TOPO = /^\/spec(\/globalTopoServer(?:\/.*)?)$/;
const ADMIN = /^\/spec(\/multiadmin(?:Web)?)(?:\/spec)?(\/.*)?$/;

const FIELDS: Record<TemplateKind, readonly RegExp[]> = {
  CoreTemplate: [TOPO, ADMIN],
  CellTemplate: [CELL],
  ShardTemplate: [SHARD],
};

/**
 * The place in the template of the request for a pointer into a cluster, or the nearest one around it
 * that is there (or was, if the template goes away); undefined if it has no such field.
 */
function pathIn({ kind, object, old }: PolicyContext, place: string): string | undefined {
  if (!isTemplate(kind)) return undefined;
  const match = FIELDS[kind].map((field) => field.exec(place)).find((one) => one !== null);
  if (!match) return undefined;
  const path = segmentsOf(`/spec${match.slice(1).join('')}`);
  while (path.length > 1 && valueAt(object ?? old, path) === undefined) path.pop();
  return pointer(...path);
}
