import type { Policy } from '../webhook/policies/policy.ts';
import { BYPASS } from '../webhook/access.ts';
import { POLICY_LABEL_PREFIX } from '../schemas/labels.ts';
import { nearest } from '../schemas/spelling.ts';

/** The policy of an id (`write-headroom`) or a code (`MG029`, in any case). */
export function findPolicy(policies: readonly Policy[], name: string): Policy | undefined {
  return policies.find(({ id, code }) => id === name || code === name.toUpperCase());
}

/** For a name that is none: what it may have been meant to be. */
export function noSuchPolicy(policies: readonly Policy[], name: string): string {
  const names = policies.flatMap(({ id, code }) => [id, code]);
  const near = nearest(name, names);
  const meant = near ? `did you mean ${near}? ` : '';
  return `there is no policy ${name}; ${meant}"kubectl multigres policies" lists all`;
}

/** One line for each policy. */
export function renderPolicyList(policies: readonly Policy[]): string {
  const rows = policies.map(({ code, id, mode, summary }) => [code, id, mode, summary]);
  const all = [['CODE', 'POLICY', 'MODE', 'SUMMARY'], ...rows];
  const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  return all
    .map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
    .concat('\n');
}

/** All of one policy, laid out as `kubectl explain` lays out a field. */
export function renderPolicy(policy: Policy): string {
  const { code, id, mode, guard, kinds, operations, summary, description, good, bad } = policy;
  const verb = mode === 'warn' ? 'IS WARNED ABOUT' : 'IS REFUSED';
  const set = [
    `chart:      policies.${id}.mode: deny | warn | off`,
    `namespace:  kubectl label namespace NAME ${POLICY_LABEL_PREFIX}${id}=${guard ? 'deny' : 'warn'}`,
    ...(guard ? ['            (a guard: a namespace may raise it, but not lower it)'] : []),
    `bypass:     verb ${BYPASS.verb} on ${BYPASS.resource}.${BYPASS.group}/${id}`,
  ].join('\n');
  return [
    `POLICY:   ${id} (${code})`,
    `MODE:     ${mode}${guard ? ', guard' : ''}`,
    `OBJECTS:  ${kinds.join(', ')}`,
    `ON:       ${operations.join(', ')}`,
    '',
    summary,
    '',
    section('DESCRIPTION', description),
    section('PASSES', good),
    section(verb, bad),
    section('SETTING', set),
  ].join('\n');
}

const section = (title: string, text: string): string =>
  `${title}:\n${text.trimEnd().replaceAll(/^(?=.)/gm, '    ')}\n`;

/** The same as data. */
export function renderPoliciesJson(policies: readonly Policy[]): string {
  // Functions are not in JSON: what is left of a policy are its texts.
  return `${JSON.stringify(policies, null, 2)}\n`;
}
