import type { TemplateKind } from '../../schemas/resolve/templates.ts';
import { isTemplate } from './consumers.ts';
import { valueAt } from './locate.ts';
import type { Finding, Policy, PolicyContext } from './policy.ts';
import { listed } from './words.ts';

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
function pathIn({ kind, object, old }: PolicyContext, path: string): string | undefined {
  if (!isTemplate(kind)) return undefined;
  const match = FIELDS[kind].map((field) => field.exec(path)).find((one) => one !== null);
  if (!match) return undefined;
  const keys = `/spec${match.slice(1).join('')}`.split('/').slice(1);
  const names = keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  while (keys.length > 1 && valueAt(object ?? old, names.slice(0, keys.length)) === undefined)
    keys.pop();
  return `/${keys.join('/')}`;
}
