import type { KubeObject } from '../schemas/k8s.ts';
import { isRecord } from '../schemas/walk.ts';
import type { ModeOverrides, World } from '../webhook/policies/policy.ts';
import type { Answer } from '../webhook/bypass.ts';
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
import { pointerOf, type Segment } from './paths.ts';
import { offlineWorld } from './world.ts';
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

/** What was read from a cluster before the objects are judged. */
export interface LiveState {
  /** The stored object of the same kind, namespace and name. */
  stored(object: KubeObject, namespace: string): KubeObject | undefined;
  /** What the policies may know for this object; templates of the inputs are laid over it. */
  worldOf(object: KubeObject, namespace: string): World;
  /** The modes in force in a namespace. */
  modesIn(namespace: string): ModeOverrides;
  /** For each policy that the object asks to set aside: may the user? */
  mayBypass(object: KubeObject, namespace: string): ReadonlyMap<string, Answer>;
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
  const holds = createCelRules();
  const fallback = options.namespace ?? 'default';
  const objects = manifests.map((manifest) => manifest.object);
  return manifests
    .filter(({ ours, stray }) => ours || stray)
    .map((manifest, index) => {
      const { object, stray } = manifest;
      const namespace = namespaceOf(object, fallback);
      const findings = stray
        ? [stray]
        : judgeManifest(object, {
            ...options,
            ...liveOf(object, namespace, options),
            namespace,
            holds,
            world: options.world ?? worldFor(object, namespace, objects, options),
          }).findings;
      return report(manifest, { index, namespace, findings });
    });
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

/** Objects without a name, or with metadata of a wrong shape, form no world. */
function isUsable({ metadata }: KubeObject): boolean {
  if (!isRecord(metadata)) return false;
  const { name, labels, annotations } = metadata as unknown as Record<string, unknown>;
  const maps = [labels, annotations].every((map) => map === undefined || isRecord(map));
  return typeof name === 'string' && maps;
}

const CLUSTER_WIDE = new Set(['Node', 'StorageClass']);

/** What the policies may know for one object: the other inputs, over what a cluster has. */
export function worldFor(
  object: KubeObject,
  namespace: string,
  others: readonly KubeObject[],
  { live, namespace: fallback = 'default' }: LintOptions,
): World {
  const near = others
    .filter(isUsable)
    .filter((other) => CLUSTER_WIDE.has(other.kind) || namespaceOf(other, fallback) === namespace);
  const given = offlineWorld(near);
  return live ? overlay(live.worldOf(object, namespace), given) : given;
}

/** What is in the inputs is about to be applied: it lies over what the cluster has. */
function overlay(live: World, given: World): World {
  const { templates, secrets, configMaps } = given;
  return {
    ...live,
    templates: {
      core: { ...live.templates?.core, ...templates?.core },
      cell: { ...live.templates?.cell, ...templates?.cell },
      shard: { ...live.templates?.shard, ...templates?.shard },
    },
    ...(live.secrets || secrets ? { secrets: { ...live.secrets, ...secrets } } : {}),
    ...(live.configMaps || configMaps ? { configMaps: { ...live.configMaps, ...configMaps } } : {}),
  };
}

function report(
  { file, object, source }: Manifest,
  {
    index,
    namespace,
    findings,
  }: { index: number; namespace: string; findings: readonly ManifestFinding[] },
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
    ...findings.map((finding) => place(finding, source.positionOf(finding.segments))),
    ...source.repeated.map(({ segments, position }) => place(repetition(segments), position)),
  ];
  const denied = findings.some(({ severity }) => severity === 'error');
  return {
    object: {
      ...identity,
      ...source.positionOf([]),
      verdict: denied ? 'denied' : 'accepted',
    },
    findings: placed.toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** kubectl takes the last of them without a word. */
const repetition = (segments: readonly Segment[]): ManifestFinding => ({
  severity: 'warning',
  check: 'duplicate-key',
  segments,
  path: pointerOf(segments),
  message: 'this key is there twice, and only the last one counts',
  fix: 'remove one of them',
});

/** Without what only the program itself needs, for JSON. */
export function published({ segments, ...finding }: LintFinding): Omit<LintFinding, 'segments'> {
  void segments;
  return finding;
}
