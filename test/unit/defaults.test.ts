import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultCluster } from '../../schemas/defaults/multigrescluster.ts';
import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import { validate } from '../support/validate.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { casesOf, readDocuments, updateExpected } from '../support/cases.ts';
import { readTemplates } from '../support/templates.ts';
import { anyCluster, isContained } from '../support/clusters.ts';

/**
 * Cases: input.yaml is what a user sends, old.yaml what is stored before (an update), world.yaml
 * which templates exist, expected.yaml the spec that is stored, refused.yaml the paths that the CRD then
 * refuses.
 */
for (const { name, file } of casesOf('defaults')) {
  test(`defaults: ${name.replaceAll('-', ' ')}`, () => {
    const [input] = readDocuments<MultigresCluster>(file('input.yaml'));
    const [old] = readDocuments<MultigresCluster>(file('old.yaml'));
    assert.ok(input);
    const before = structuredClone(input);
    const stored = defaultCluster(input, { ...(old && { old }) });
    assert.deepEqual(input, before, 'the input is not touched');
    if (updateExpected(file('expected.yaml'), stored.spec)) return;
    assert.deepEqual(stored.spec, readDocuments(file('expected.yaml'))[0]);
    assert.deepEqual(defaultCluster(stored, { old: stored }), stored, 'twice is once');
    const [refused = []] = readDocuments<string[]>(file('refused.yaml'));
    assert.deepEqual(
      validate('MultigresCluster', stored, old).map(({ path }) => path),
      refused,
      'what is stored passes the rules of the CRD',
    );
    const templates = readTemplates(file('world.yaml'));
    assert.deepEqual(
      resolveCluster(stored, templates),
      resolveCluster(input, templates),
      'with and without the webhook a cluster means the same',
    );
  });
}

const fixed = { seed: 4, numRuns: 500 };

test('defaulting is idempotent', () => {
  fc.assert(
    fc.property(anyCluster, (cluster) => {
      const once = defaultCluster(cluster);
      assert.deepEqual(defaultCluster(once), once);
      assert.deepEqual(defaultCluster(once, { old: once }), once);
    }),
    fixed,
  );
});

test('everything that the user wrote is in what is stored', () => {
  fc.assert(
    fc.property(anyCluster, (cluster) => {
      assert.ok(isContained(cluster, defaultCluster(cluster)));
    }),
    fixed,
  );
});

test('defaulting never changes what a cluster resolves to', () => {
  const templates = { core: {}, cell: {}, shard: {} };
  fc.assert(
    fc.property(anyCluster, (cluster) => {
      assert.deepEqual(
        resolveCluster(defaultCluster(cluster), templates),
        resolveCluster(cluster, templates),
      );
    }),
    fixed,
  );
});
