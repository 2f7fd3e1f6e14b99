import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { lintDocuments, strictly } from '../../../cli/lint.ts';
import { escapeXml } from '../../../cli/report/junit.ts';
import { type Format, FORMATS, render } from '../../../cli/report/report.ts';
import { ruleInfos } from '../../../cli/report/rules.ts';
import { POLICIES } from '../../../webhook/policies/index.ts';

const cell = (name: string, replicas: number): string =>
  `apiVersion: multigres.com/v1alpha1\nkind: CellTemplate\nmetadata: { name: ${name} }\nspec:\n  multigateway: { replicas: ${replicas} }\n`;

const RESULT = lintDocuments([
  { name: 'a folder/ü.yaml', text: cell('wrong', 200) },
  { name: '-', text: `${cell('twice', 1)}  multigateway: {}\n` },
  { name: 'broken.yaml', text: 'a: *x' },
]);

interface Sarif {
  $schema: string;
  version: string;
  runs: {
    tool: { driver: { name: string; semanticVersion: string; rules: Rule[] } };
    invocations: { executionSuccessful: boolean; toolExecutionNotifications: unknown[] }[];
    columnKind: string;
    results: Result[];
  }[];
}
interface Rule {
  id: string;
  name: string;
  helpUri?: string;
  shortDescription: { text: string };
  help: { text: string };
  defaultConfiguration: { level: string };
}
interface Result {
  ruleId: string;
  ruleIndex: number;
  level: string;
  message: { text: string };
  locations: {
    physicalLocation: { artifactLocation: { uri: string }; region: object };
    logicalLocations: { fullyQualifiedName: string }[];
  }[];
}

describe('SARIF', () => {
  const log = JSON.parse(render(RESULT, 'sarif', { docsUrl: 'https://example.com/docs' })) as Sarif;
  const [run] = log.runs;
  assert.ok(run);

  test('has what the standard requires, and says which version it is', () => {
    assert.equal(log.version, '2.1.0');
    assert.equal(run.tool.driver.name, 'kubectl-multigres');
    assert.equal(run.columnKind, 'utf16CodeUnits');
    for (const { ruleId, ruleIndex, message, level } of run.results) {
      assert.equal(run.tool.driver.rules[ruleIndex]?.id, ruleId);
      assert.notEqual(message.text, '');
      assert.ok(['error', 'warning'].includes(level));
    }
  });

  test('lists every check and policy once, with a name, a text and a place in the docs', () => {
    const { rules } = run.tool.driver;
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
    for (const { code } of POLICIES) assert.ok(rules.some(({ id }) => id === code));
    for (const { id, name, helpUri, shortDescription, help } of rules) {
      assert.match(name, /^[A-Z][A-Za-z0-9]+$/, id);
      assert.match(helpUri ?? '', /^https:\/\/example\.com\/docs\/(cli|policies)\.md#[a-z-]+$/, id);
      assert.notEqual(shortDescription.text, '', id);
      assert.notEqual(help.text, '', id);
    }
  });

  test('puts each result at its file, line and column, as URIs', () => {
    const places = run.results.map(({ ruleId, locations: [location] }) => [
      ruleId,
      location?.physicalLocation,
      location?.logicalLocations[0]?.fullyQualifiedName,
    ]);
    assert.deepEqual(places, [
      [
        'schema',
        {
          artifactLocation: { uri: 'a%20folder/%C3%BC.yaml' },
          region: { startLine: 5, startColumn: 29 },
        },
        'default/CellTemplate/wrong/spec/multigateway/replicas',
      ],
      [
        'duplicate-key',
        { artifactLocation: { uri: 'stdin' }, region: { startLine: 6, startColumn: 3 } },
        'default/CellTemplate/twice/spec/multigateway',
      ],
    ]);
  });

  test('names files as seen from the folder, and those outside of it by whole addresses', () => {
    const uris = (name: string): unknown => {
      const result = lintDocuments([{ name, text: cell('wrong', 200) }]);
      const { runs } = JSON.parse(render(result, 'sarif', { folder: '/src/a b' })) as Sarif;
      return runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri;
    };
    assert.equal(uris('./c/../d e.yaml'), 'd%20e.yaml');
    assert.equal(uris('/src/a b/..c/d.yaml'), '..c/d.yaml');
    assert.equal(uris('../c/b.yaml'), 'file:///src/c/b.yaml');
    assert.equal(uris('/tmp/ü.yaml'), 'file:///tmp/%C3%BC.yaml');
  });

  test('says that not all could be read', () => {
    assert.equal(run.invocations[0]?.executionSuccessful, false);
    assert.equal(run.invocations[0]?.toolExecutionNotifications.length, 1);
  });

  test('links nowhere when nobody says where the docs are', () => {
    assert.doesNotMatch(render(RESULT, 'sarif'), /"helpUri"/);
  });
});

test('each policy of the list has a level that is its mode', () => {
  const infos = new Map(ruleInfos().map((info) => [info.id, info]));
  for (const { code, mode } of POLICIES)
    assert.equal(infos.get(code)?.level, mode === 'deny' ? 'error' : 'warning', code);
});

test('each check of the program is described where its rule says', () => {
  const docs = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  for (const { anchor } of ruleInfos().filter((info) => info.anchor.startsWith('cli.md#')))
    assert.ok(docs.includes(`<a id="${anchor.slice('cli.md#'.length)}"></a>`), anchor);
});

test('where warnings count as errors, every format says so', () => {
  const text = `${cell('twice', 1)}  multigateway: {}\n---\n${cell('right', 1)}`;
  const result = lintDocuments([{ name: 'a.yaml', text }]);
  assert.equal(result.verdict, 'accepted');
  assert.match(render(result, 'junit'), /failures="0"/);
  const strict = strictly(result);
  assert.match(render(strict, 'text'), / error: [^]*\n2 objects, 1 denied: 1 error, 0 warnings\n$/);
  const json = JSON.parse(render(strict, 'json')) as typeof strict & { summary: object };
  assert.equal(json.verdict, 'denied');
  assert.deepEqual(
    json.objects.map(({ verdict }) => verdict),
    ['denied', 'accepted'],
  );
  const summary = { objects: 2, denied: 1, errors: 1, warnings: 0, failures: 0 };
  assert.deepEqual(json.summary, summary);
  const junit = render(strict, 'junit');
  assert.match(junit, /<testsuites [^>]*failures="1"/);
  assert.match(junit, /<failure message="1 problem" type="denied">a\.yaml:6:3: /);
  const [run] = (JSON.parse(render(strict, 'sarif')) as Sarif).runs;
  assert.deepEqual(
    run?.results.map(({ level }) => level),
    ['error'],
  );
  assert.equal(strictly(RESULT).verdict, 'failed');
});

test('a name with a line break stays on its line, and no character is cut in two', () => {
  const name = `"a\\nb${'\u{1F600}'.repeat(60)}"`;
  const result = lintDocuments([{ name: 'a.yaml', text: cell(name, 1) }]);
  const lines = render(result, 'text').trimEnd().split('\n');
  assert.equal(lines.length, result.findings.length + 1);
  assert.match(lines[0] ?? '', /CellTemplate\/a\\nb/);
  for (const text of lines) assert.ok(text.isWellFormed() && !text.includes('\u{FFFD}'), text);
});

test('XML holds any text', () => {
  assert.equal(
    escapeXml(`<a b="c" d='e'>&</a>`),
    '&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;&lt;/a&gt;',
  );
  assert.equal(escapeXml('tab\tline\nend'), 'tab\tline\nend');
  assert.equal(
    escapeXml('\u{0}\u{1b}[31m\u{FFFE}\u{D800}'),
    '\u{FFFD}\u{FFFD}[31m\u{FFFD}\u{FFFD}',
  );
  assert.equal(escapeXml('\u{1F600}'), '\u{1F600}');
});

test('each format ends with a newline, and none knows of objects that are not ours', () => {
  const nothing = lintDocuments([{ name: 'x', text: 'apiVersion: v1\nkind: Pod\n' }]);
  assert.equal(nothing.verdict, 'accepted');
  for (const format of FORMATS as readonly Format[]) {
    assert.match(render(nothing, format), /\n$/, format);
    assert.doesNotMatch(render(nothing, format), /Pod\/|"Pod"/, format);
  }
});
