import { count } from '../../webhook/policies/words.ts';
import type { LintedObject, LintFinding, LintResult } from '../lint.ts';

/** One test case for each object, one suite for each file: what CI servers read. */
export function renderJunit({ objects, findings, failures }: LintResult): string {
  const files = [...new Set([...objects, ...failures].map(({ file }) => file))];
  const suites = files.map((file) => {
    const cases = objects.flatMap((object, index) => {
      const own = findings.filter((finding) => finding.object === index);
      return object.file === file ? [caseOf(object, own)] : [];
    });
    const errors = failures
      .filter((failure) => failure.file === file)
      .map(
        ({ line, column, message }) =>
          `<testcase classname="file" name="${escapeXml(file)}"><error message="${escapeXml(message)}">${escapeXml(`${file}:${line}:${column}: ${message}`)}</error></testcase>`,
      );
    const denied = objects.filter((o) => o.file === file && o.verdict === 'denied').length;
    return [
      `  <testsuite name="${escapeXml(file)}" tests="${cases.length + errors.length}" failures="${denied}" errors="${errors.length}">`,
      ...[...cases, ...errors].map((line) => `    ${line}`),
      '  </testsuite>',
    ].join('\n');
  });
  const denied = objects.filter(({ verdict }) => verdict === 'denied').length;
  const tests = objects.length + failures.length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="kubectl-multigres" tests="${tests}" failures="${denied}" errors="${failures.length}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf(object: LintedObject, own: readonly LintFinding[]): string {
  const { file, line, kind, namespace, name } = object;
  const lines = (severity: LintFinding['severity']): string[] =>
    own
      .filter((finding) => finding.severity === severity)
      .map((finding) => `${file}:${finding.line}:${finding.column}: ${finding.text}`);
  const [errors, warnings] = [lines('error'), lines('warning')];
  const failure =
    errors.length === 0
      ? ''
      : `<failure message="${escapeXml(count(errors.length, 'problem'))}" type="denied">${escapeXml(errors.join('\n'))}</failure>`;
  const output =
    warnings.length === 0 ? '' : `<system-out>${escapeXml(warnings.join('\n'))}</system-out>`;
  return `<testcase classname="${escapeXml(kind)}" name="${escapeXml(`${namespace}/${name}`)}" file="${escapeXml(file)}" line="${line}">${failure}${output}</testcase>`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For texts and attributes. What XML 1.0 cannot hold at all becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
