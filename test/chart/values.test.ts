import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { chartReadme, chartValues } from '../../hack/generate/chart-readme.ts';
import { CHART, CI_VALUES, helm } from '../support/chart.ts';

type Tree = Record<string, unknown>;
interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  [keyword: string]: unknown;
}

const read = (name: string): string => readFileSync(path.join(CHART, name), 'utf8');
const text = read('values.yaml');
const defaults = parse(text) as Tree;
const values = chartValues(text);
const documented = new Set(values.map((value) => value.path));
const schema = JSON.parse(read('values.schema.json')) as Schema;

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of everything below, down to what is documented as one value. */
function leaves(tree: Tree, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const at = prefix + key;
    const inner = isTree(value) && !documented.has(at) && Object.keys(value).length > 0;
    return inner ? leaves(value, `${at}.`) : [at];
  });
}

const at = (tree: unknown, dotted: string): unknown =>
  dotted.split('.').reduce<unknown>((value, key) => (isTree(value) ? value[key] : undefined), tree);

const nested = (dotted: string, value: unknown): Tree =>
  dotted
    .split('.')
    .toReversed()
    .reduce<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;

test('every value has a comment', () => {
  assert.deepEqual(
    leaves(defaults).filter((leaf) => !documented.has(leaf)),
    [],
  );
});

test('the README has a row for every value', () => {
  assert.equal(read('README.md'), chartReadme().content, 'run npm run generate');
});

test('templates read only what values.yaml declares', () => {
  const templates = readdirSync(path.join(CHART, 'templates'), {
    recursive: true,
    encoding: 'utf8',
  }).filter((name) => /\.(yaml|tpl|txt)$/.test(name));
  const unknown = templates.flatMap((name) =>
    [...read(`templates/${name}`).matchAll(/\.Values\.([\w.]+)/g)]
      .map(([, used]) => used ?? '')
      .filter((used) => at(defaults, used) === undefined)
      .map((used) => `${name}: ${used}`),
  );
  assert.deepEqual(unknown, []);
});

describe('the schema', () => {
  test('is closed everywhere and names exactly the values', () => {
    const walk = (node: Schema, tree: Tree, prefix: string): string[] => {
      assert.equal(node.additionalProperties, false, `${prefix} is open`);
      const names = Object.keys(node.properties ?? {}).filter((name) => name !== 'global');
      assert.deepEqual(names.toSorted(), Object.keys(tree).toSorted(), prefix);
      return names.flatMap((name) => {
        const child = node.properties?.[name] ?? {};
        const value = tree[name];
        const group = isTree(value) && !documented.has(prefix + name);
        return group ? walk(child, value, `${prefix}${name}.`) : [prefix + name];
      });
    };
    assert.deepEqual(walk(schema, defaults, '').toSorted(), [...documented].toSorted());
  });

  const REFUSED: [string, RegExp][] = [
    ['replicas=2', /additional properties 'replicas' not allowed/],
    ['webhook.replica=2', /additional properties 'replica' not allowed/],
    ['runtimeImages.pgctld=x', /additional properties 'pgctld' not allowed/],
    ['webhook.replicas=two', /got string, want integer/],
    ['controller.imageUpdateStrategy=later', /'immediate', 'lazy'/],
    ['controller.watchNamespaces={Team_A}', /does not match pattern/],
    ['image.digest=sha256:abc', /does not match pattern/],
    ['webhook.resources.limit.memory=1Gi', /additional properties 'limit' not allowed/],
    ['controller.certIssuer=letsencrypt', /does not match pattern/],
    ['policies.zone-exists.mode=deny', /'\/policies'.*additional properties 'zone-exists'/],
    ['policies.zones-exist.mode=strict', /'\/policies\/zones-exist\/mode'.*'deny', 'warn', 'off'/],
    ['policies.zones-exist=deny', /'\/policies\/zones-exist'.*got string, want object/],
    ['policySettings.backupMaxAge=1day', /'\/policySettings\/backupMaxAge'.*does not match/],
  ];
  for (const [set, message] of REFUSED)
    test(`refuses ${set}`, () => {
      const { code, out } = helm(['template', CHART, '--kube-version', '1.34.0', '--set', set]);
      assert.notEqual(code, 0, 'it was accepted');
      assert.match(out, message);
    });
});

describe('each value changes what is rendered', { concurrency: 2 }, () => {
  const ci = CI_VALUES.map(({ file }) => parse(readFileSync(file, 'utf8')) as Tree);
  const folder = mkdtempSync(path.join(tmpdir(), 'chart-values-'));
  const base = {
    crds: { enabled: false },
    metrics: { serviceMonitor: { enabled: true } },
    volumeSweep: { enabled: true },
  };
  const switches = ['crds.enabled', 'metrics.serviceMonitor.enabled', 'volumeSweep.enabled'];
  const renderWith = (extra: Tree, name: string): string => {
    const file = path.join(folder, `${name}.yaml`);
    writeFileSync(file, stringify(extra, { version: '1.1' }));
    const first = path.join(folder, 'base.yaml');
    writeFileSync(first, stringify(base));
    const args = ['template', 'r', CHART, '--kube-version', '1.34.0', '-f', first, '-f', file];
    const { code, out } = helm(args);
    assert.equal(code, 0, out);
    return out;
  };
  const plain = renderWith({}, 'plain');
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  for (const { path: name, default: value } of values)
    test(name, () => {
      // Only set where something else is on, which the base does not show.
      if (name === 'metrics.enabled' || name === 'crds.keep') return;
      const other = switches.includes(name)
        ? !at(base, name)
        : ci
            .map((tree) => at(tree, name))
            .find((found) => found !== undefined && stringify(found) !== stringify(value));
      assert.notEqual(other, undefined, `no file in chart/ci sets ${name} to another value`);
      assert.notEqual(renderWith(nested(name, other), name), plain);
    });
});
