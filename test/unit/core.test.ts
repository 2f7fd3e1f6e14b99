import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson, hashOf, sameData, sameJson, sha256 } from '../../schemas/canonical.ts';
import { compact, compactDeep, nonEmpty } from '../../schemas/compact.ts';
import {
  COMPONENTS,
  LABELS,
  cellNodeSelector,
  selectorOf,
  standardLabels,
} from '../../schemas/labels.ts';
import { problemText } from '../../schemas/problem.ts';

test('canonical JSON sorts keys at every depth and keeps array order', () => {
  assert.equal(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }, 2], e: undefined }), '{"a":[{"c":"x","d":null},2],"b":1}'); // prettier-ignore
  assert.ok(sameData({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }));
  assert.ok(!sameData([1, 2], [2, 1]));
  assert.equal(hashOf({ b: 1, a: 2 }), sha256('{"a":2,"b":1}'));
});

test('data is the same if and only if its canonical JSON is', () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const less = fc.anything({ values: [fc.constantFrom(0, 1, 'a', null, undefined)], maxDepth: 2 });
  const check = (a: unknown, b: unknown) => {
    assert.equal(sameData(a, b), canonicalJson(a) === canonicalJson(b));
    assert.ok(sameData(a, a));
  };
  fc.assert(fc.property(value, value, check));
  fc.assert(fc.property(less, less, check), { numRuns: 1000 });
  assert.ok(sameData(undefined, null));
  assert.ok(!sameJson(undefined, null));
  assert.ok(sameJson({ a: undefined, b: [1, undefined] }, { b: [1, null] }));
  assert.ok(!sameJson({ a: 1 }, { b: 1 }));
  assert.ok(!sameJson({}, []));
});

test('compact drops undefined only', () => {
  assert.deepEqual(compact({ a: undefined, b: null, c: '', d: 0, e: {} }), { b: null, c: '', d: 0, e: {} }); // prettier-ignore
  assert.deepEqual(compactDeep({ a: [{ b: undefined, c: 1 }] }), { a: [{ c: 1 }] });
  assert.equal(nonEmpty({}), undefined);
  assert.deepEqual(nonEmpty({ a: 1 }), { a: 1 });
});

test('selectors hold identity only', () => {
  const labels = {
    ...standardLabels('m', COMPONENTS.pool),
    [LABELS.pool]: 'default',
    [LABELS.cell]: 'z1',
    [LABELS.zoneId]: 'az1',
    [LABELS.role]: 'DRAINED',
    mine: 'x',
  };
  assert.deepEqual(selectorOf(labels), {
    'app.kubernetes.io/component': 'shard-pool',
    'app.kubernetes.io/instance': 'm',
    'multigres.com/cluster': 'm',
    'multigres.com/pool': 'default',
    'multigres.com/cell': 'z1',
  });
});

test('a cell selects nodes by zone, else by region', () => {
  assert.deepEqual(cellNodeSelector({ zoneId: 'az1' }), { 'topology.k8s.aws/zone-id': 'az1' });
  assert.deepEqual(cellNodeSelector({ region: 'eu' }), { 'topology.kubernetes.io/region': 'eu' });
  assert.deepEqual(cellNodeSelector({ zoneId: 'az1' }, 'topology.kubernetes.io/zone'), { 'topology.kubernetes.io/zone': 'az1' }); // prettier-ignore
  assert.deepEqual(cellNodeSelector({}), {});
});

test('a problem reads as one line', () => {
  assert.equal(
    problemText({ path: 'spec.a', value: 2, message: 'must be odd', fix: 'write 1 or 3' }),
    'spec.a: must be odd (value 2); write 1 or 3',
  );
});
