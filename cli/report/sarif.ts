import type { Failure } from '../documents.ts';
import type { LintFinding, LintResult } from '../lint.ts';
import { VERSION } from '../version.ts';
import type { RenderOptions } from './report.ts';
import { type RuleInfo, ruleInfos } from './rules.ts';

/** SARIF 2.1.0 (OASIS), the form that code hosts show at the line in question. */
export function renderSarif(result: LintResult, { docsUrl }: RenderOptions): string {
  const rules = ruleInfos();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kubectl-multigres',
            semanticVersion: VERSION,
            rules: rules.map((rule) => descriptorOf(rule, docsUrl)),
          },
        },
        invocations: [
          {
            executionSuccessful: result.failures.length === 0,
            toolExecutionNotifications: result.failures.map(notificationOf),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: result.findings.map((finding) => resultOf(finding, rules)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

const descriptorOf = (rule: RuleInfo, docsUrl: string | undefined): object => ({
  id: rule.id,
  name: rule.name,
  shortDescription: { text: rule.summary },
  help: { text: rule.markdown, markdown: rule.markdown },
  ...(docsUrl === undefined
    ? {}
    : { helpUri: new URL(rule.anchor, `${docsUrl.replace(/\/?$/, '/')}`).href }),
  defaultConfiguration: { level: rule.level },
  properties: { docs: `docs/${rule.anchor}` },
});

function resultOf(finding: LintFinding, rules: readonly RuleInfo[]): object {
  const { check, severity, kind, namespace, name, path, text } = finding;
  return {
    ruleId: check,
    ruleIndex: rules.findIndex(({ id }) => id === check),
    level: severity,
    message: { text: `${kind}/${name}: ${text}` },
    locations: [
      {
        physicalLocation: physical(finding),
        logicalLocations: [
          { name, kind: 'object', fullyQualifiedName: `${namespace}/${kind}/${name}${path}` },
        ],
      },
    ],
  };
}

const notificationOf = (failure: Failure): object => ({
  level: 'error',
  message: { text: failure.message },
  locations: [{ physicalLocation: physical(failure) }],
});

function physical({ file, line, column }: Pick<Failure, 'file' | 'line' | 'column'>): object {
  const uri = file === '-' ? 'stdin' : file.split('/').map(encodeURIComponent).join('/');
  return {
    artifactLocation: { uri },
    ...(line > 0 ? { region: { startLine: line, startColumn: column } } : {}),
  };
}
