import type { Judged, Policy } from './policy.ts';

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

/** A value as JSON, cut if it is long, but never inside of a character. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 80 ? `${text.slice(0, 77).replace(/[\uD800-\uDBFF]$/, '')}...` : text;
}
