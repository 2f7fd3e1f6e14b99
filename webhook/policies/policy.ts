import { sameJson } from '../../schemas/canonical.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { Consumer } from './consumers.ts';
import { valueAtPointer } from './locate.ts';
import { reachesThrough, throughTemplate } from './through-template.ts';
import type { Transition } from './transition.ts';
import type { World } from './world.ts';

export { sameJson };
export type { World } from './world.ts';

/** `deny` refuses the request; `warn` lets it pass with a warning; `off` does not look. */
export type Mode = 'deny' | 'warn' | 'off';
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';
export type PolicyKind =
  | 'MultigresCluster'
  | 'CoreTemplate'
  | 'CellTemplate'
  | 'ShardTemplate'
  | 'Cell'
  | 'TableGroup'
  | 'Shard'
  | 'TopoServer';

/** One thing wrong with an object. Texts never hold values of Secrets. */
export interface Finding {
  /** JSON pointer (RFC 6901) into the object; empty for the object as a whole. */
  path: string;
  /** What stands there; absent when nothing does or when it must not be shown. */
  value?: unknown;
  /** What is wrong, in one sentence without the final full stop. */
  message: string;
  /** What would be right: "at least 2 poolers", "one of zone-a, zone-b". */
  allowed: string;
  /** What to do, in the imperative. */
  fix: string;
  /**
   * What is wrong and what to do, for a warning in a terminal: with the anchor at its end below 120
   * bytes unless names in it are long. Without it a warning shows the whole text.
   */
  brief?: string;
  /** Overrides the policy's mode for this finding only. */
  mode?: Mode;
}

export interface PolicyContext {
  operation: Operation;
  kind: PolicyKind;
  namespace: string;
  name: string;
  /** User name of the request. */
  user: string;
  /** User names that may write children: our controller and Kubernetes' own clean-up. */
  trustedUsers: readonly string[];
  /** Absent on DELETE. */
  object?: KubeObject;
  /** Absent on CREATE. */
  old?: KubeObject;
  world: World;
  /** The MultigresCluster of the request after templates and defaults; undefined if it cannot be resolved. */
  resolved(): ResolvedCluster | undefined;
  /** The stored MultigresCluster after today's templates and defaults. */
  oldResolved(): ResolvedCluster | undefined;
  /** An update of a MultigresCluster as the controller will see it; undefined for anything else. */
  transition(): Transition | undefined;
  /** The clusters that a request for a template reaches; none for anything else. */
  consumers(): readonly Consumer[];
}

export interface Policy {
  /** Kebab-case, never reused. */
  id: string;
  /** MGnnn, stable, shown to users at the end of each text. */
  code: string;
  kinds: readonly PolicyKind[];
  operations: readonly Operation[];
  mode: Mode;
  /** One sentence in the present tense. */
  summary: string;
  /** Why, and what to do about it; Markdown. */
  description: string;
  /** A piece of a manifest that passes. */
  good: string;
  /** A piece of a manifest that does not. */
  bad: string;
  /** Also runs on updates that change nothing but metadata. */
  evenForMetadata?: true;
  /**
   * Stands between users and the operator's own rights: the label of a namespace may raise its mode
   * but not lower it, since every other policy could be evaded through it.
   */
  guard?: true;
  check(ctx: PolicyContext): Finding[];
}

/** A finding with the policy that made it and the mode in force. */
export interface Judged {
  policy: Policy;
  finding: Finding;
  mode: Mode;
  /** A denial that somebody was allowed to set aside, hence a warning now. */
  bypass?: { user: string; reason: string };
  /** Set when the policy threw: what it threw. */
  failure?: { error: unknown };
}

/** Modes by policy id that replace those of the list. */
export type ModeOverrides = Readonly<Record<string, Mode>>;

/**
 * Runs every policy that applies and returns all findings, denials first, then by path.
 * A policy that throws counts as a denial that says so: a bug of ours must not let things pass.
 */
export function runPolicies(
  policies: readonly Policy[],
  ctx: PolicyContext,
  modes: ModeOverrides = {},
): Judged[] {
  if (isTerminating(ctx)) return [];
  const metadataOnly = changesMetadataOnly(ctx);
  const judged: Judged[] = [];
  for (const policy of policies) {
    const direct = policy.kinds.includes(ctx.kind) && policy.operations.includes(ctx.operation);
    const through = reachesThrough(policy, ctx);
    if (!direct && !through) continue;
    if (metadataOnly && !policy.evenForMetadata) continue;
    if (configuredMode(policy, modes) === 'off') continue;
    const own = direct ? runOne(policy, ctx) : [];
    const all = through ? throughTemplate(ctx, own, (consumer) => runOne(policy, consumer)) : own;
    for (const { failure, ...found } of all) {
      const finding = withoutForeignValue(found, ctx.object ?? ctx.old);
      const mode = modeOf(policy, finding, modes);
      if (mode === 'off') continue;
      judged.push({ policy, finding, mode, ...(failure ? { failure } : {}) });
    }
  }
  return judged.toSorted(
    (a, b) =>
      Number(a.mode === 'warn') - Number(b.mode === 'warn') ||
      comparePaths(a.finding.path, b.finding.path) ||
      compareText(a.policy.code, b.policy.code),
  );
}

/** Where the documentation of a finding stands: `[MG029 write-headroom]`, the second word a heading. */
export function anchorOf({ code, id }: Policy): string {
  return `[${code} ${id}]`;
}

/** A finding in one short line, where its policy gives it one. */
export function describeBriefly(judged: Judged): string {
  const { policy, finding } = judged;
  return finding.brief ? `${finding.brief} ${anchorOf(policy)}` : describeFinding(judged);
}

/** The text of a finding: where, what stands there, what is wrong, what is allowed, what to do, anchor. */
export function describeFinding({ policy, finding }: Judged): string {
  const where = finding.path === '' ? '' : `${finding.path}`;
  const value = finding.value === undefined ? '' : `${showValue(finding.value)}`;
  const subject = [where, value].filter((part) => part !== '').join(' = ');
  const what = subject === '' ? finding.message : `${subject}: ${finding.message}`;
  return `${what}. Allowed: ${finding.allowed}. Fix: ${finding.fix}. ${anchorOf(policy)}`;
}

/** True for updates of an object that is being deleted: nothing may stop its finalizers. */
export function isTerminating(ctx: Pick<PolicyContext, 'operation' | 'object' | 'old'>): boolean {
  const stored = ctx.operation === 'UPDATE' ? (ctx.old ?? ctx.object) : ctx.old;
  return stored?.metadata.deletionTimestamp !== undefined;
}

/** True for updates that leave everything but metadata and status as it was. */
export function changesMetadataOnly(
  ctx: Pick<PolicyContext, 'operation' | 'object' | 'old'>,
): boolean {
  if (ctx.operation !== 'UPDATE' || !ctx.object || !ctx.old) return false;
  return sameJson(ctx.object.spec, ctx.old.spec);
}

function runOne(policy: Policy, ctx: PolicyContext): (Finding & Pick<Judged, 'failure'>)[] {
  try {
    return policy.check(ctx);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [
      {
        path: '',
        message: `internal error in policy ${policy.id}, not a fault of this object: ${text}`,
        allowed: 'any object that the policy can judge',
        fix: 'report it with the log of the webhook; until then set the mode of this policy to warn',
        failure: { error },
      },
    ];
  }
}

/** A value that stands elsewhere (in a template, in a list) is not shown as if it stood at the path. */
function withoutForeignValue(finding: Finding, object: KubeObject | undefined): Finding {
  const { value, ...rest } = finding;
  return valueAtPointer(object, finding.path) === value ? finding : rest;
}

/** The mode that somebody set for a policy, else its own. */
export function configuredMode(policy: Policy, modes: ModeOverrides): Mode {
  return Object.hasOwn(modes, policy.id) ? (modes[policy.id] ?? policy.mode) : policy.mode;
}

/**
 * The mode of one finding. A finding that names a mode of its own keeps it, but a policy that is set
 * to `warn` never denies: the setting is a ceiling. Without a mode of its own it gets what is set, so
 * that `deny` set for a policy that warns by itself denies.
 */
function modeOf(policy: Policy, finding: Finding, modes: ModeOverrides): Mode {
  const own = finding.mode ?? configuredMode(policy, modes);
  return own === 'deny' && Object.hasOwn(modes, policy.id) && modes[policy.id] === 'warn'
    ? 'warn'
    : own;
}

/** A value as JSON, cut if it is long, but never inside of a character. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 80 ? `${text.slice(0, 77).replace(/[\uD800-\uDBFF]$/, '')}...` : text;
}

/** Segment by segment, elements of a list by their number. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [i, segment] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    if (segment === other) continue;
    const numbers = /^\d+$/.test(segment) && /^\d+$/.test(other);
    return numbers ? Number(segment) - Number(other) : compareText(segment, other);
  }
  return left.length - right.length;
}

/** By UTF-16 code units: the same on every machine, whatever its locale. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
