import type { KubeObject } from '../schemas/k8s.ts';
import type { HoldsRule } from '../schemas/rule-errors.ts';
import { referencesExist } from '../webhook/policies/templates/references-exist.ts';
import type { ModeOverrides } from '../webhook/policies/policy.ts';
import type { World } from '../webhook/policies/world.ts';
import { appliedTo } from './applied.ts';
import { createCelRules } from './cel.ts';
import {
  type Failure,
  type Input,
  type Manifest,
  nameOf,
  namespaceOf,
  readInputs,
} from './documents.ts';
import { describe, judgeManifest, type JudgeOptions, type ManifestFinding } from './judge.ts';
import { pointerOf, segmentsOfPointer } from '../schemas/paths.ts';
import { isWrongTemplate, knownObjects, type LiveState, worldFor } from './world.ts';
import type { Position } from './yaml.ts';

export interface LintOptions {
  /** For objects that name none; `default` if absent. */
  namespace?: string;
  user?: string;
  trustedUsers?: readonly string[];
  modes?: ModeOverrides;
  /** What stands in a real cluster; absent = offline. */
  live?: LiveState;
  /** The world of the policies instead of what the inputs give. */
  world?: World;
}

export interface LintFinding extends ManifestFinding, Position {
  /** Index of the object in `objects`. */
  object: number;
  file: string;
  kind: string;
  name: string;
  namespace: string;
  /** All of it in one line, as the text format shows it after the position. */
  text: string;
}

/** One object of ours that was judged. */
export interface LintedObject extends Position {
  file: string;
  kind: string;
  name: string;
  namespace: string;
  verdict: 'accepted' | 'denied';
}

export interface LintResult {
  /** `failed`: something could not be read, so nothing is certain. */
  verdict: 'accepted' | 'denied' | 'failed';
  objects: LintedObject[];
  /** In the order of the inputs. */
  findings: LintFinding[];
  failures: Failure[];
}

/**
 * Judges all objects of ours in the inputs. Templates, Nodes, StorageClasses, Secrets and ConfigMaps
 * among them are what the policies know; other objects do not count. Pure.
 */
export function lintDocuments(inputs: readonly Input[], options: LintOptions = {}): LintResult {
  const { manifests, failures } = readInputs(inputs);
  const judged = judgeAll(manifests, options);
  const denied = judged.some(({ object }) => object.verdict === 'denied');
  return {
    verdict: failures.length > 0 ? 'failed' : denied ? 'denied' : 'accepted',
    objects: judged.map(({ object }) => object),
    findings: judged.flatMap(({ findings }) => findings),
    failures,
  };
}

interface JudgedManifest {
  object: LintedObject;
  findings: LintFinding[];
}

function judgeAll(manifests: readonly Manifest[], options: LintOptions): JudgedManifest[] {
  const fallback = options.namespace ?? 'default';
  const around: Around = {
    holds: createCelRules(),
    known: knownObjects(manifests.map(({ object }) => object)),
    options,
  };
  const wrong = manifests.filter(({ object }) => isWrongTemplate(object));
  return manifests
    .filter(({ ours, stray }) => ours || stray)
    .map((manifest, index) => {
      const { object, stray } = manifest;
      const namespace = namespaceOf(object, fallback);
      const near = wrong.filter((one) => namespaceOf(one.object, fallback) === namespace);
      const findings = stray
        ? [stray]
        : judgeOne(object, namespace, around).map((finding) => ofWrongTemplate(finding, near));
      return report(manifest, index, namespace, findings);
    });
}

interface Around {
  holds: HoldsRule;
  known: readonly KubeObject[];
  options: LintOptions;
}

/** With a cluster: what `kubectl apply` would make of the stored object, against that object. */
function judgeOne(
  object: KubeObject,
  namespace: string,
  { holds, known, options }: Around,
): ManifestFinding[] {
  const live = liveOf(object, namespace, options);
  const sent = live.old ? appliedTo(live.old, object) : object;
  const world = options.world ?? worldFor(sent, namespace, known, options);
  return judgeManifest(sent, { ...options, ...live, namespace, holds, world }).findings;
}

const KIND_NAMED_BY: Record<string, string> = {
  coreTemplate: 'CoreTemplate',
  templateRef: 'CoreTemplate',
  cellTemplate: 'CellTemplate',
  shardTemplate: 'ShardTemplate',
};

/** Of a template that is there and of a wrong shape, it would mislead to say only that there is none. */
function ofWrongTemplate(finding: ManifestFinding, wrong: readonly Manifest[]): ManifestFinding {
  if (finding.policy !== referencesExist.id) return finding;
  const kind = KIND_NAMED_BY[segmentsOfPointer(finding.path).at(-1) ?? ''];
  const template = wrong.find(
    ({ object }) => object.kind === kind && nameOf(object) === finding.value,
  );
  if (!template) return finding;
  const { line } = template.source.positionOf([]);
  return {
    ...finding,
    message: `the ${kind} of this name (${template.file}:${line}) is itself wrong`,
    allowed: `a ${kind} that the API server accepts`,
    fix: 'correct it; this cluster is judged with it then',
  };
}

/** What a cluster says of one object. Modes that were asked for win over those in force. */
function liveOf(
  object: KubeObject,
  namespace: string,
  { live, modes }: LintOptions,
): Pick<JudgeOptions, 'old' | 'modes' | 'bypass'> {
  if (!live) return {};
  const old = live.stored(object, namespace);
  return {
    modes: { ...live.modesIn(namespace), ...modes },
    bypass: live.mayBypass(object, namespace),
    ...(old ? { old } : {}),
  };
}

function report(
  { file, object, source }: Manifest,
  index: number,
  namespace: string,
  findings: readonly ManifestFinding[],
): JudgedManifest {
  const identity = { file, kind: object.kind, name: nameOf(object), namespace };
  const place = (finding: ManifestFinding, position: Position): LintFinding => ({
    object: index,
    ...identity,
    ...finding,
    ...position,
    text: describe(finding),
  });
  const placed = [
    ...findings.map((finding) =>
      place(finding, source.positionOf(segmentsOfPointer(finding.path))),
    ),
    ...source.repeated.map(({ segments, position }) =>
      place(repetition(pointerOf(segments)), position),
    ),
  ];
  const denied = findings.some(({ severity }) => severity === 'error');
  return {
    object: { ...identity, ...source.positionOf([]), verdict: denied ? 'denied' : 'accepted' },
    findings: placed.toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** kubectl takes the last of them without a word. */
const repetition = (path: string): ManifestFinding => ({
  severity: 'warning',
  check: 'duplicate-key',
  path,
  message: 'this key is there twice, and only the last one counts',
  fix: 'remove one of them',
});

/** Where a warning is as bad as an error, in every format alike. */
export function strictly(result: LintResult): LintResult {
  const { verdict, objects, findings } = result;
  if (findings.length === 0) return result;
  const found = new Set(findings.map(({ object }) => object));
  return {
    ...result,
    verdict: verdict === 'failed' ? verdict : 'denied',
    objects: objects.map((object, i) =>
      found.has(i) ? { ...object, verdict: 'denied' as const } : object,
    ),
    findings: findings.map((finding) => ({ ...finding, severity: 'error' as const })),
  };
}
