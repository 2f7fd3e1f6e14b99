import { count } from '../../webhook/policies/words.ts';
import type { LintResult } from '../lint.ts';
import { printable } from '../printable.ts';
import { renderJunit } from './junit.ts';
import { renderSarif, type SarifOptions } from './sarif.ts';

export const FORMATS = ['text', 'json', 'sarif', 'junit'] as const;
export type Format = (typeof FORMATS)[number];

/** A result in one of the formats, with a newline at the end. */
export function render(result: LintResult, format: Format, options: SarifOptions = {}): string {
  switch (format) {
    case 'text':
      return renderText(result);
    case 'json':
      return renderJson(result);
    case 'sarif':
      return renderSarif(result, options);
    case 'junit':
      return renderJunit(result);
  }
}

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
  const { denied, errors, warnings } = countsOf({ objects, findings });
  const unread = failures.length === 0 ? '' : `${count(failures.length, 'part')} cannot be read; `;
  if (objects.length === 0) return `${unread}no objects of multigres.com`;
  const verdict = denied === 0 ? 'all accepted' : `${denied} denied`;
  return `${unread}${count(objects.length, 'object')}, ${verdict}: ${count(errors, 'error')}, ${count(warnings, 'warning')}`;
}

/** Goes up when a key changes its meaning or goes; new keys may come at any time. */
const FORMAT_VERSION = 1;

/** See docs/cli.md, which describes each key. */
function renderJson({ verdict, objects, findings, failures }: LintResult): string {
  const body = {
    version: FORMAT_VERSION,
    verdict,
    summary: {
      objects: objects.length,
      ...countsOf({ objects, findings }),
      failures: failures.length,
    },
    objects,
    findings,
    failures,
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}

const countsOf = ({ objects, findings }: Pick<LintResult, 'objects' | 'findings'>) => {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return {
    denied: objects.filter(({ verdict }) => verdict === 'denied').length,
    errors,
    warnings: findings.length - errors,
  };
};
