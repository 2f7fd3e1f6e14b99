import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutBookkeeping as cut } from '../../../webhook/bookkeeping.ts';

const withoutBookkeeping = (json: string): string => cut(Buffer.from(json));

const entry = {
  manager: 'kubectl "apply" \\',
  operation: 'Apply',
  fieldsV1: { 'f:metadata': { 'k:{"name":"a]}"}': { '.': {}, 'v:["x\\"]': {} } } },
};

const LAST = 'kubectl.kubernetes.io/last-applied-configuration';

test('so does the text of the last apply', () => {
  const text = `${JSON.stringify({ metadata: { name: 'a"\\', managedFields: [entry] } })}\n`;
  const table: [object, object][] = [
    [{ [LAST]: text }, {}],
    [{ [LAST]: '' }, {}],
    [{ a: '1', [LAST]: text }, { a: '1' }],
    [{ [LAST]: text, z: '\\' }, { z: '\\' }],
    [{ annotations: { [LAST]: text }, managedFields: [entry] }, { annotations: {} }],
  ];
  for (const [object, expected] of table) {
    const json = withoutBookkeeping(JSON.stringify(object));
    assert.deepEqual(JSON.parse(json), expected, json);
  }
});

test('the list goes wherever it stands among the keys, and nothing else', () => {
  const table: [object, object][] = [
    [{ managedFields: [entry] }, {}],
    [{ managedFields: [entry], name: 'a' }, { name: 'a' }],
    // both first in one object
    [{ managedFields: [entry], [LAST]: 'x' }, {}],
    [{ managedFields: [entry], [LAST]: 'x', name: 'a' }, { name: 'a' }],
    [{ b: { [LAST]: 'x', managedFields: [entry], name: 'a' } }, { b: { name: 'a' } }],
    [{ name: 'a', managedFields: [entry, entry] }, { name: 'a' }],
    [
      { a: 1, managedFields: [entry], b: { managedFields: [entry], c: [entry] } },
      { a: 1, b: { c: [entry] } },
    ],
    // a review of an update holds two objects
    [
      { object: { metadata: { managedFields: [entry] } }, oldObject: { managedFields: [entry] } },
      { object: { metadata: {} }, oldObject: {} },
    ],
  ];
  for (const [object, expected] of table) {
    const json = withoutBookkeeping(JSON.stringify(object));
    assert.deepEqual(JSON.parse(json), expected, json);
  }
});

test('what only looks like it stays as it is', () => {
  const annotation = JSON.stringify({ metadata: { managedFields: [entry] } });
  const table: unknown[] = [
    { annotations: { other: annotation } },
    { 'kubectl.kubernetes.io/last-applied-configuration': 5, other: { [LAST]: null } },
    { labels: { managedFields: 'x', 'a"managedFields': [entry] } },
    { managedFields: [] },
    { managedFields: ['a'] },
    { managedFields: null, name: 'managedFields' },
    'managedFields',
    [],
  ];
  for (const value of table) {
    const json = JSON.stringify(value);
    assert.equal(withoutBookkeeping(json), json);
  }
  for (const json of [
    '',
    '{"managedFields":[{',
    '{"a":1,"managedFields":[{"b":"',
    '{ "managedFields" : [{}] }',
  ]) {
    assert.equal(withoutBookkeeping(json), json);
  }
});

test('the rest of any object parses to the same', () => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom('managedFields', LAST, '"managedFields":[{', '\\'),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.constantFrom(null, true, '"managedFields":[{', ',"managedFields":[{"a":"', `,"${LAST}":"`),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const isNote = (name: string, held: unknown): boolean =>
    (name === 'managedFields' && Array.isArray(held) && isObject(held[0])) ||
    (name === LAST && typeof held === 'string');
  const isObject = (held: unknown): boolean =>
    typeof held === 'object' && held !== null && !Array.isArray(held);
  const without = (held: unknown): unknown => {
    if (Array.isArray(held)) return held.map(without);
    if (typeof held !== 'object' || held === null) return held;
    const kept = Object.entries(held).filter(([name, inner]) => !isNote(name, inner));
    return Object.fromEntries(kept.map(([name, inner]) => [name, without(inner)]));
  };
  fc.assert(
    fc.property(value, (any) => {
      const json = JSON.stringify(any);
      const plain = JSON.parse(json) as unknown;
      assert.deepEqual(JSON.parse(withoutBookkeeping(json)), without(plain));
    }),
    { numRuns: 2000 },
  );
});
