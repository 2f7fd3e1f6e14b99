import type { KubeObject } from '../../schemas/k8s.ts';
import { sameJson } from '../../schemas/canonical.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import { runningShards } from '../../schemas/resolve/running.ts';
import {
  TEMPLATE_PARTS,
  type TemplateKind,
  templateReferences,
} from '../../schemas/resolve/templates.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { valueAt } from '../../webhook/policies/locate.ts';
import type { Failure, Input, Manifest } from '../documents.ts';
import { nameOf, namespaceOf, readInputs } from '../documents.ts';
import { judgeManifest } from '../judge.ts';
import { appliedTo } from '../applied.ts';
import { type LintFinding, lintDocuments, type LintOptions } from '../lint.ts';
import { pointerOf, type Segment } from '../../schemas/paths.ts';
import { isWrongTemplate, knownObjects, worldFor } from '../world.ts';
import type { Position } from '../yaml.ts';
import { type ExplainedShard, shardsOf } from './shards.ts';
import { type Origin, provenanceOf } from './provenance.ts';

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
  /** Somebody else wrote it into the stored object, and an apply leaves it there. */
  | { from: 'stored' }
  | { from: 'namespace' };

interface UsedTemplate {
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
  /** Why a cluster cannot be explained, or only without a template. */
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
  const known = knownObjects(manifests.map(({ object }) => object));
  const explained = clusters.map((manifest) => explainOne(manifest, manifests, known, options));
  const unclear = [
    ...clusters.filter((_, i) => explained[i] === undefined),
    // nobody finds one, so what is explained here is not what was meant
    ...manifests.filter(({ object }) => isWrongTemplate(object)),
  ];
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
  known: readonly KubeObject[],
  options: LintOptions,
): ExplainedCluster | undefined {
  const { file, object, source } = manifest;
  const namespace = namespaceOf(object, options.namespace ?? 'default');
  const old = options.live?.stored(object, namespace);
  const sent = old ? appliedTo(old, object) : object;
  const world = worldFor(sent, namespace, known, options);
  const { stored } = judgeManifest(sent, { policies: [], ...(old ? { old } : {}) });
  const alone = old ? judgeManifest(object, { policies: [] }).stored : stored;
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
    isKept: (segments) => !sameJson(valueAt(alone, segments), valueAt(stored, segments)),
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
  /** Of a value that is not in the manifest: it is more than a default of admission. */
  isKept(segments: readonly Segment[]): boolean;
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
  if (valueAt(source.value, from.segments) === undefined) {
    if (path === '/metadata/namespace') return { from: 'namespace' };
    return finder.isKept(from.segments) ? { from: 'stored' } : { from: 'default', stored: true };
  }
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
  const kinds = Object.keys(TEMPLATE_PARTS) as TemplateKind[];
  return kinds.flatMap((kind) =>
    templatesUsed[TEMPLATE_PARTS[kind]].map((name) => ({
      kind,
      name,
      implicit: !isNamed(cluster, kind, name),
      ...whereTemplate(kind, name, [], finder),
    })),
  );
}
