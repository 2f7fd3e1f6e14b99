import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Failure } from '../documents.ts';
import type { LintFinding, LintResult } from '../lint.ts';
import { VERSION } from '../version.ts';
import { type RuleInfo, ruleInfos } from './rules.ts';

export interface SarifOptions {
  /** Base of the address of the docs: `https://.../docs/`. */
  docsUrl?: string;
  /** The folder that names of files are relative to; absolute. */
  folder?: string;
}

/** SARIF 2.1.0 (OASIS), the form that code hosts show at the line in question. */
export function renderSarif(result: LintResult, { docsUrl, folder = '/' }: SarifOptions): string {
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
            toolExecutionNotifications: result.failures.map((failure) =>
              notificationOf(failure, folder),
            ),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: result.findings.map((finding) => resultOf(finding, rules, folder)),
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

function resultOf(finding: LintFinding, rules: readonly RuleInfo[], folder: string): object {
  const { check, severity, kind, namespace, name, path, text } = finding;
  return {
    ruleId: check,
    ruleIndex: rules.findIndex(({ id }) => id === check),
    level: severity,
    message: { text: `${kind}/${name}: ${text}` },
    locations: [
      {
        physicalLocation: physical(finding, folder),
        logicalLocations: [
          { name, kind: 'object', fullyQualifiedName: `${namespace}/${kind}/${name}${path}` },
        ],
      },
    ],
  };
}

const notificationOf = (failure: Failure, folder: string): object => ({
  level: 'error',
  message: { text: failure.message },
  locations: [{ physicalLocation: physical(failure, folder) }],
});

type Place = Pick<Failure, 'file' | 'line' | 'column'>;

function physical({ file, line, column }: Place, folder: string): object {
  return {
    artifactLocation: { uri: uriOf(file, folder) },
    ...(line > 0 ? { region: { startLine: line, startColumn: column } } : {}),
  };
}

/** Relative to the folder for what lies in it, which code hosts find in a checkout; else a file URI. */
function uriOf(file: string, folder: string): string {
  if (file === '-') return 'stdin';
  const whole = path.resolve(folder, file);
  const inside = path.relative(folder, whole);
  if (/^\.\.([/\\]|$)/.test(inside) || path.isAbsolute(inside)) return pathToFileURL(whole).href;
  return inside.split(path.sep).map(encodeURIComponent).join('/');
}
