import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultCluster } from '../../schemas/defaults/multigrescluster.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import { validate } from '../support/validate.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { casesOf, readDocuments } from '../support/cases.ts';
import { anyCluster } from '../support/clusters.ts';
import { readRunning, readTemplates } from '../support/templates.ts';

const NO_TEMPLATES = { core: {}, cell: {}, shard: {} };

/** The value at `a.b[0].c`; null if there is none, as absence is written in expected.yaml. */
const at = (value: unknown, path: string): unknown =>
  path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .reduce<unknown>(
      (node, key) =>
        node !== null && typeof node === 'object' && Object.hasOwn(node, key)
          ? (node as Record<string, unknown>)[key]
          : null,
      value,
    );

/**
 * Cases: input.yaml is the cluster, world.yaml the templates of its namespace and the Shards that
 * run; expected.yaml names paths of the result (`value`, `notes` or `problems`) and their exact
 * content, null for absent. Each case is resolved as written and as admission stores it.
 */
for (const { name, file } of casesOf('resolve')) {
  test(`resolve: ${name.replaceAll('-', ' ')}`, () => {
    const [input] = readDocuments<MultigresCluster>(file('input.yaml'));
    const [expected] = readDocuments<Record<string, unknown>>(file('expected.yaml'));
    assert.ok(input && expected && Object.keys(expected).length > 0);
    const templates = readTemplates(file('world.yaml'));
    const running = readRunning(file('world.yaml'));
    assert.deepEqual(validate('MultigresCluster', defaultCluster(input)), [], 'a legal cluster');
    for (const cluster of [input, defaultCluster(input)]) {
      const result = resolveCluster(cluster, templates, { running });
      for (const [path, value] of Object.entries(expected)) {
        assert.deepEqual(at(result, path), value, path);
      }
      if (expected['ok'] !== false) assert.ok(result.ok);
    }
  });
}

const resolved = (cluster: MultigresCluster): ResolvedCluster => {
  const result = resolveCluster(cluster, NO_TEMPLATES);
  assert.ok(result.ok);
  return result.value;
};

test('the order of cells changes nothing but the order of cells', () => {
  fc.assert(
    fc.property(anyCluster, (cluster) => {
      const { spec } = cluster;
      assert.ok(spec);
      const reversed = { ...cluster, spec: { ...spec, cells: spec.cells?.toReversed() ?? [] } };
      const [a, b] = [resolved(cluster), resolved(reversed)];
      assert.deepEqual({ ...b, cells: b.cells.toReversed() }, a);
    }),
    { seed: 5, numRuns: 300 },
  );
});

const reverseKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, reverseKeys(inner)] as const)
      .toReversed(),
  );
};

test('the order in which keys are written changes nothing, not even the text of the result', () => {
  fc.assert(
    fc.property(anyCluster, (cluster) => {
      const pools = (of: ResolvedCluster) =>
        of.databases.map((db) => db.tablegroups.map((tg) => tg.shards.map((s) => Object.keys(s.pools)))); // prettier-ignore
      const [a, b] = [resolved(cluster), resolved(reverseKeys(cluster) as MultigresCluster)];
      assert.deepEqual(b, a);
      assert.deepEqual(pools(b), pools(a));
    }),
    { seed: 6, numRuns: 300 },
  );
});

test('what resolves today is a fixed point: running it changes nothing', () => {
  fc.assert(
    fc.property(anyCluster, (cluster) => {
      const before = resolved(cluster);
      const running = Object.fromEntries(
        before.databases.flatMap((db) =>
          db.tablegroups.flatMap((tg) =>
            tg.shards.map((s) => [`${db.name}/${tg.name}/${s.name}`, { pools: s.pools }]),
          ),
        ),
      );
      const result = resolveCluster(cluster, NO_TEMPLATES, { running });
      assert.ok(result.ok);
      assert.deepEqual(result.value, before);
      assert.deepEqual(result.notes, []);
    }),
    { seed: 7, numRuns: 300 },
  );
});
