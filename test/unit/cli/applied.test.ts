import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appliedTo } from '../../../cli/applied.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';

const LAST = 'kubectl.kubernetes.io/last-applied-configuration';

const object = (spec: unknown, metadata: object = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', ...metadata },
  spec,
});

interface Row {
  stored: unknown;
  /** What the file said the last time; absent: nobody knows. */
  last?: unknown;
  file: unknown;
  applied: unknown;
}

/** As `CreateThreeWayJSONMergePatch` of apimachinery works it out. */
const TABLE: Record<string, Row> = {
  'what only others wrote stays': {
    stored: { a: 1, b: { c: 2, d: 3 } },
    last: { a: 1 },
    file: { a: 5, b: { c: 4 } },
    applied: { a: 5, b: { c: 4, d: 3 } },
  },
  'what the file does not say any more goes': {
    stored: { a: 1, b: { c: 2, d: 3 }, e: 6 },
    last: { a: 1, b: { c: 2 } },
    file: { b: {} },
    applied: { b: { d: 3 }, e: 6 },
  },
  'a mapping that the file does not name any more goes whole': {
    stored: { b: { c: 2, d: 3 } },
    last: { b: { c: 2 } },
    file: {},
    applied: {},
  },
  'without a record nothing goes': {
    stored: { a: 1, b: { c: 2 } },
    file: { b: {} },
    applied: { a: 1, b: { c: 2 } },
  },
  'a list replaces the stored one': {
    stored: { cells: [{ name: 'a', zoneId: '1', region: 'r' }, { name: 'b' }] },
    last: { cells: [{ name: 'a' }] },
    file: { cells: [{ name: 'a', zoneId: '2' }] },
    applied: { cells: [{ name: 'a', zoneId: '2' }] },
  },
  'a list stays if the file never named it': {
    stored: { cells: [{ name: 'a' }] },
    last: {},
    file: {},
    applied: { cells: [{ name: 'a' }] },
  },
  'null takes a field away': {
    stored: { a: 1, b: { c: 2, d: 3 } },
    last: { a: 1 },
    file: { a: null, b: { c: null } },
    applied: { b: { d: 3 } },
  },
  'null that was said before is not said again': {
    stored: { a: 1 },
    last: { a: null },
    file: { a: null },
    applied: { a: 1 },
  },
  'null in what is new is nothing': {
    stored: {},
    last: {},
    file: { a: { b: null, c: 1 }, d: null },
    applied: { a: { c: 1 } },
  },
  'another type replaces': {
    stored: { a: { b: 1 }, c: [1], d: 2 },
    last: { a: { b: 1 } },
    file: { a: 'x', c: { e: 1 }, d: [] },
    applied: { a: 'x', c: { e: 1 }, d: [] },
  },
  'keys of objects themselves are no fields': {
    stored: {},
    last: {},
    file: { constructor: { a: 1 }, toString: null },
    applied: { constructor: { a: 1 } },
  },
};

describe('what kubectl apply makes of a stored object', () => {
  for (const [name, { stored, last, file, applied }] of Object.entries(TABLE))
    test(name, () => {
      const annotations =
        last === undefined ? {} : { [LAST]: JSON.stringify({ ...object(last), metadata: {} }) };
      const before = object(stored, { annotations, uid: 'u' });
      const copy = structuredClone(before);
      assert.deepEqual(appliedTo(before, object(file)).spec, applied);
      assert.deepEqual(before, copy);
    });

  test('annotations and labels that others wrote stay too', () => {
    const annotations = { [LAST]: '{"metadata":{"annotations":{"a":"1","b":"1"}}}' };
    const stored = object(
      {},
      { uid: 'u', annotations: { ...annotations, a: '1', b: '1', c: '1' } },
    );
    const file = object({}, { annotations: { a: '2' } });
    const { metadata } = appliedTo(stored, file);
    assert.deepEqual(metadata, {
      name: 'm',
      uid: 'u',
      // and the record is that of this file
      annotations: { [LAST]: JSON.stringify(file), a: '2', c: '1' },
    });
  });

  test('a record that cannot be read counts for nothing', () => {
    const stored = object({ a: 1 }, { annotations: { [LAST]: '{' } });
    assert.deepEqual(appliedTo(stored, object({})).spec, { a: 1 });
  });
});

describe('after an apply on the server', () => {
  const managed = (manager: string, fields: object, more: object = {}) => ({
    manager,
    operation: 'Apply',
    fieldsV1: { 'f:spec': fields },
    ...more,
  });
  const apply = (...managedFields: object[]): unknown =>
    appliedTo(
      object({ a: { b: 1, c: 2 }, d: [{ name: 'x' }] }, { managedFields }),
      object({ a: {} }),
    ).spec;
  const FIELDS = { 'f:a': { 'f:b': {} }, 'f:d': { 'k:{"name":"x"}': { '.': {}, 'f:name': {} } } };

  test('what its manager owned and the file does not say any more goes', () => {
    assert.deepEqual(apply(managed('gitops', FIELDS)), { a: { c: 2 } });
    assert.deepEqual(apply(managed('gitops', {}), managed('kubectl', FIELDS)), { a: { c: 2 } });
  });

  test('what belongs to others stays', () => {
    const all = { a: { b: 1, c: 2 }, d: [{ name: 'x' }] };
    assert.deepEqual(apply(managed('multigres-controller', FIELDS)), all);
    assert.deepEqual(apply(managed('kubectl', FIELDS, { operation: 'Update' })), all);
    assert.deepEqual(apply(managed('kubectl', FIELDS, { subresource: 'status' })), all);
    assert.deepEqual(apply(managed('a', FIELDS), managed('b', FIELDS)), all);
    assert.deepEqual(apply(), all);
  });
});
