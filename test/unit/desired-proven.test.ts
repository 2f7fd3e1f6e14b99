/**
 * The builders against a cluster that was written by hand and proven with the real runtime: all
 * that it says, our objects must say, but for the listed differences.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import { descendantsOf, readInput } from '../support/desired.ts';

const ROOT = join(import.meta.dirname, '..');
const input = readInput(join(ROOT, 'cases/desired/three-cells-with-everything-below/input.yaml'));
const built = descendantsOf(input);
const proven = parseAllDocuments(
  readFileSync(join(ROOT, 'fixtures/proven-cluster.yaml'), 'utf8'),
).map((document) => document.toJS() as KubeObject);

/** Where we differ on purpose. */
const KEYS = [
  'image', // other tags
  'resources', // the API's defaults
  'affinity', // more alternatives; asserted in desired-rules.test.ts
  'postgresql.conf', // the same settings and more; asserted in shard/postgres-config.test.ts
  'queries.yml', // more families
  'minAvailable', // of the standbys alone; asserted in shard/budgets.test.ts
  'lifecycle', // a gateway waits by itself, with --lameduck-period
];
const FLAGS = [
  '--buffer-window', // 30 s, see schemas/resolve/builtin.ts
  '--buffer-max-failover-duration',
  '--onterm-timeout', // 35 s: leaves pgctld its 15 s within the grace period
];
const GRACE = 'terminationGracePeriodSeconds';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keyOf = (item: unknown): unknown =>
  isObject(item) ? (item['name'] ?? item['mountPath'] ?? JSON.stringify(item)) : item;

/** Paths of `want` that `have` lacks or has otherwise. */
const lacking = (want: unknown, have: unknown, path: string): string[] => {
  const key = path.slice(path.lastIndexOf('/') + 1);
  if (KEYS.includes(key)) return [];
  if (key === GRACE) return Number(have) >= Number(want) ? [] : [`${path}: ${String(have)}`];
  if (typeof want === 'string' && FLAGS.some((flag) => want.startsWith(`${flag}=`))) return [];
  if (Array.isArray(want)) {
    const items: unknown[] = Array.isArray(have) ? have : [];
    return want.flatMap((item: unknown, i) => {
      if (typeof item === 'string' && FLAGS.some((flag) => item.startsWith(flag))) return [];
      const other = items.find((candidate) => keyOf(candidate) === keyOf(item)) ?? items[i];
      const name = isObject(item) ? String(keyOf(item)) : `${i}`;
      return isObject(item) || !items.includes(item) ? lacking(item, other, `${path}/${name}`) : [];
    });
  }
  if (isObject(want)) {
    const fields = isObject(have) ? have : {};
    return Object.keys(want).flatMap((field) =>
      lacking(want[field], fields[field], `${path}/${field}`),
    );
  }
  return want === have ? [] : [`${path}: ${JSON.stringify(have)}, proven ${JSON.stringify(want)}`];
};

for (const want of proven) {
  test(`proven: ${want.kind} ${want.metadata.name}`, () => {
    const have = built.find(
      ({ kind, metadata }) => kind === want.kind && metadata.name === want.metadata.name,
    );
    assert.ok(have, 'not built');
    assert.deepEqual(lacking(want, have, ''), []);
  });
}

test('the comparison notices what is missing', () => {
  const want = { args: ['x', '--a=1'], env: [{ name: 'A', value: '1' }], on: true };
  assert.deepEqual(lacking(want, { args: ['x', '--a=2'], env: [], on: true }, ''), [
    '/args/1: "--a=2", proven "--a=1"',
    '/env/A/name: undefined, proven "A"',
    '/env/A/value: undefined, proven "1"',
  ]);
});
