import type { KubeObject } from '../../schemas/k8s.ts';
import { textOf } from '../../schemas/text.ts';
import { valueAtPointer } from './locate.ts';
import { changesMetadataOnly, isTerminating } from './policy.ts';
import type { Finding, Judged, Mode, ModeOverrides, Policy, PolicyContext } from './policy.ts';
import { reachesThrough, throughTemplate } from './consumers.ts';

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

function runOne(policy: Policy, ctx: PolicyContext): (Finding & Pick<Judged, 'failure'>)[] {
  try {
    return [policy.check(ctx)].flat();
  } catch (error) {
    const text = textOf(error);
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
