import type { LintResult } from '../lint.ts';
import { printable } from '../printable.ts';

/**
 * `file:line:column: error|warning: Kind/name: text [code]`, one line each, as compilers write and
 * editors read them, and a summary.
 */
export function renderText(result: LintResult, { summary = true } = {}): string {
  const failures = result.failures.map(
    ({ file, line, column, message }) =>
      `${file}${line > 0 ? `:${line}:${column}` : ''}: cannot read: ${message}`,
  );
  const findings = result.findings.map(
    ({ file, line, column, severity, kind, name, text }) =>
      `${file}:${line}:${column}: ${severity}: ${kind}/${name}: ${text}`,
  );
  return [
    ...[...failures, ...findings].map(printable),
    ...(summary ? [summaryOf(result)] : []),
    '',
  ].join('\n');
}

function summaryOf({ objects, findings, failures }: LintResult): string {
  const denied = objects.filter(({ verdict }) => verdict === 'denied').length;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const unread = failures.length === 0 ? '' : `${count(failures.length, 'part')} cannot be read; `;
  if (objects.length === 0) return `${unread}no objects of multigres.com`;
  const verdict = denied === 0 ? 'all accepted' : `${denied} denied`;
  const warnings = findings.length - errors;
  return `${unread}${count(objects.length, 'object')}, ${verdict}: ${count(errors, 'error')}, ${count(warnings, 'warning')}`;
}

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`;
