import {
  cellLosses,
  type CellLoss,
  type Durability,
  membershipOf,
  orchestratorsOf,
  parsePolicy,
} from '../../schemas/durability.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import { runningShards } from '../../schemas/resolve/running.ts';
import { templateReferences } from '../../schemas/resolve/templates.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, Shard } from '../../schemas/types.ts';
import { shardViews } from '../../webhook/policies/locate.ts';
import { inForce } from '../../webhook/policies/running.ts';
import type { Failure, Input, Manifest } from '../documents.ts';
import { nameOf, namespaceOf, readInputs } from '../documents.ts';
import { judgeManifest } from '../judge.ts';
import { type LintFinding, lintDocuments, type LintOptions, worldFor } from '../lint.ts';
import { pointerOf, type Segment } from '../paths.ts';
import type { Position } from '../yaml.ts';
import { at } from './leaves.ts';
import { type Origin, provenanceOf, type TemplateKind } from './provenance.ts';

/** Where a value of the resolved cluster comes from. */
export type Source =
  | {
      from: 'manifest' | 'overrides';
      /** JSON pointer in the manifest. */
      path: string;
      line: number;
      /** The value is made from what stands there, as names are. */
      derived?: true;
    }
  | {
      from: 'template';
      kind: TemplateKind;
      name: string;
      /** JSON pointer in the template. */
      path: string;
      /** Nobody names it: it applies because it is called default. */
      implicit?: true;
      /** Absent if the template is not in the inputs. */
      file?: string;
      line?: number;
      derived?: true;
    }
  /** `stored`: admission writes it into the object, so it stays when the operator's defaults change. */
  | { from: 'default'; stored?: true }
  | { from: 'namespace' };

export interface ExplainedShard {
  /** `postgres/default/0-inf` */
  name: string;
  policy: string;
  membersByCell: Record<string, number>;
  orchestratorsByCell: Record<string, number>;
  /** Null for a policy that nobody knows. */
  durability: Durability | null;
  losses: CellLoss[];
}

export interface UsedTemplate {
  kind: TemplateKind;
  name: string;
  implicit: boolean;
  file?: string;
  line?: number;
}

export interface ExplainedCluster extends Position {
  file: string;
  namespace: string;
  name: string;
  templates: UsedTemplate[];
  resolved: Omit<ResolvedCluster, 'templatesUsed'>;
  /** Source of each value, by JSON pointer into `resolved`. */
  sources: Record<string, Source>;
  shards: ExplainedShard[];
}

export interface ExplainResult {
  clusters: ExplainedCluster[];
  /** Why a cluster cannot be explained. */
  findings: LintFinding[];
  failures: Failure[];
}

/** Resolves all clusters in the inputs with the templates there (and those of a live cluster). Pure. */
export function explainDocuments(
  inputs: readonly Input[],
  options: LintOptions = {},
): ExplainResult {
  const { manifests, failures } = readInputs(inputs);
  const clusters = manifests.filter(
    ({ ours, object }) => ours && object.kind === 'MultigresCluster',
  );
  const explained = clusters.map((manifest) => explainOne(manifest, manifests, options));
  const unclear = clusters.filter((_, i) => explained[i] === undefined);
  return {
    clusters: explained.filter((one) => one !== undefined),
    findings: unclear.length > 0 ? errorsOf(inputs, unclear, options) : [],
    failures,
  };
}

function errorsOf(
  inputs: readonly Input[],
  unclear: readonly Manifest[],
  options: LintOptions,
): LintFinding[] {
  const { findings } = lintDocuments(inputs, options);
  return findings.filter(
    ({ severity, file, kind, name }) =>
      severity === 'error' &&
      unclear.some((m) => m.file === file && m.object.kind === kind && nameOf(m.object) === name),
  );
}

function explainOne(
  manifest: Manifest,
  manifests: readonly Manifest[],
  options: LintOptions,
): ExplainedCluster | undefined {
  const { file, object, source } = manifest;
  const namespace = namespaceOf(object, options.namespace ?? 'default');
  const objects = manifests.map((one) => one.object);
  const world = worldFor(object, namespace, objects, options);
  const old = options.live?.stored(object, namespace);
  const { stored } = judgeManifest(object, { policies: [], ...(old ? { old } : {}) });
  if (!stored || !world.templates) return undefined;
  const cluster = { ...stored, metadata: { ...stored.metadata, namespace } } as MultigresCluster;
  const running = world.shards ? { running: runningShards(world.shards) } : {};
  const sources = { cluster, templates: world.templates, ...running };
  const result = resolveCluster(cluster, world.templates, running);
  if (!result.ok) return undefined;
  const { templatesUsed: _, ...resolved } = result.value;
  const finder: Finder = {
    manifest,
    manifests,
    namespace,
    fallback: options.namespace ?? 'default',
  };
  return {
    file,
    ...source.positionOf([]),
    namespace,
    name: nameOf(object),
    templates: templatesOf(result.value, cluster, finder),
    resolved,
    sources: Object.fromEntries(
      Object.entries(provenanceOf(sources, result.value))
        .filter(([pointer]) => !pointer.startsWith('/templatesUsed'))
        .map(([pointer, origin]) => [pointer, sourceOf(origin, cluster, finder)]),
    ),
    shards: shardsOf(cluster, result.value, world.shards),
  };
}

interface Finder {
  manifest: Manifest;
  manifests: readonly Manifest[];
  namespace: string;
  fallback: string;
}

function sourceOf(origin: Origin, cluster: MultigresCluster, finder: Finder): Source {
  if (origin.how === 'default') return { from: 'default' };
  const { from, how } = origin;
  const derived = how === 'derived' ? { derived: true as const } : {};
  const path = pointerOf(from.segments);
  if (from.in === 'template') {
    const { kind, name } = from;
    return {
      from: 'template',
      kind,
      name,
      path,
      ...(isNamed(cluster, kind, name) ? {} : { implicit: true as const }),
      ...whereTemplate(kind, name, from.segments, finder),
      ...derived,
    };
  }
  const { source } = finder.manifest;
  if (at(source.value, from.segments) === undefined)
    return path === '/metadata/namespace'
      ? { from: 'namespace' }
      : { from: 'default', stored: true };
  return {
    from: from.segments.includes('overrides') ? 'overrides' : 'manifest',
    path,
    line: source.positionOf(from.segments).line,
    ...derived,
  };
}

const isNamed = (cluster: MultigresCluster, kind: TemplateKind, name: string): boolean =>
  templateReferences(cluster).some((one) => one.kind === kind && one.name === name);

function whereTemplate(
  kind: TemplateKind,
  name: string,
  segments: readonly Segment[],
  { manifests, namespace, fallback }: Finder,
): { file?: string; line?: number } {
  const found = manifests.findLast(
    ({ ours, object }) =>
      ours &&
      object.kind === kind &&
      nameOf(object) === name &&
      namespaceOf(object, fallback) === namespace,
  );
  return found ? { file: found.file, line: found.source.positionOf(segments).line } : {};
}

function templatesOf(
  { templatesUsed }: ResolvedCluster,
  cluster: MultigresCluster,
  finder: Finder,
): UsedTemplate[] {
  const used: [TemplateKind, string[]][] = [
    ['CoreTemplate', templatesUsed.core],
    ['CellTemplate', templatesUsed.cell],
    ['ShardTemplate', templatesUsed.shard],
  ];
  return used.flatMap(([kind, names]) =>
    names.map((name) => ({
      kind,
      name,
      implicit: !isNamed(cluster, kind, name),
      ...whereTemplate(kind, name, [], finder),
    })),
  );
}

/** With what each shard survives: one that has started under the policy that it has. */
function shardsOf(
  cluster: MultigresCluster,
  resolved: ResolvedCluster,
  shards: readonly Shard[] | undefined,
): ExplainedShard[] {
  return shardViews(cluster, resolved).map((view) => {
    const { policy, durability, started } = inForce(view, shards);
    const known = started || parsePolicy(view.durabilityPolicy) !== undefined;
    const membersByCell = membershipOf(view.shard.pools);
    const orchestratorsByCell = orchestratorsOf(view.shard.multiorch);
    return {
      name: view.title,
      policy: known ? policy.name : view.durabilityPolicy,
      membersByCell,
      orchestratorsByCell,
      durability: known ? durability : null,
      losses: known ? cellLosses(policy, membersByCell, orchestratorsByCell) : [],
    };
  });
}
