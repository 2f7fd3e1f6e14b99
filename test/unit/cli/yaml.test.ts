import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainValue } from '../../../cli/scalars.ts';
import { readYaml, type SourceValue } from '../../../cli/yaml.ts';

function only(text: string): SourceValue {
  const read = readYaml(text);
  assert.ok(read.ok, JSON.stringify(read));
  const [document] = read.documents;
  assert.ok(document);
  return document;
}

const errorOf = (text: string) => {
  const read = readYaml(text);
  assert.ok(!read.ok);
  return read.errors.map(({ line, column, message }) => `${line}:${column}: ${message}`);
};

/** Seen on kubectl 1.34; test/integration/cli.test.ts asks it again. */
const SCALARS: Record<string, unknown> = {
  on: true,
  y: true,
  Off: false,
  N: false,
  oN: 'oN',
  '~': null,
  Null: null,
  '0755': 493,
  '0o17': 15,
  '089': 89,
  '0x1F': 31,
  '-0x1f': -31,
  '0b11': 3,
  '0b2': '0b2',
  '1_000': 1000,
  _1: '_1',
  '+5': 5,
  '-0': 0,
  '1:30': '1:30',
  '2026-01-01': '2026-01-01',
  '1e3': 1000,
  '1E+3': 1000,
  '1e400': '1e400',
  '.5': 0.5,
  '+.5': 0.5,
  '1.': 1,
  '010.5': 10.5,
  '1_0.5': 10.5,
  '=': '=',
  '1.2.3': '1.2.3',
  '10Gi': '10Gi',
  '-': '-',
  '.': '.',
};

test('plain scalars mean what kubectl takes them for', () => {
  for (const [text, value] of Object.entries(SCALARS))
    assert.strictEqual(plainValue(text), value, text);
  for (const text of ['.inf', '-.Inf', '.nan']) assert.strictEqual(plainValue(text), undefined);
});

test('quotes and tags make text, merges and aliases are followed, keys are text', () => {
  const text = [
    'a: &a { x: "on", v: !!str 7, z: !!int "12", w: !own 5 }',
    'b: { <<: *a, x: 2 }',
    'c: { <<: [*a, { u: 1 }] }',
    '1.5: k',
    'yes: k',
  ].join('\n');
  const { value } = only(text);
  assert.deepEqual(value, {
    a: { x: 'on', v: '7', z: 12, w: '5' },
    b: { x: 2, v: '7', z: 12, w: '5' },
    c: { x: 'on', v: '7', z: 12, w: '5', u: 1 },
    '1.5': 'k',
    true: 'k',
  });
});

describe('positions', () => {
  const source = only(
    [
      'a:',
      '  b: 1',
      '  c: { d: x, e: [1, 2] }',
      '  f:',
      '    - g: &g',
      '        h: ""',
      'i: *g',
    ].join('\n'),
  );
  const at = (...segments: (string | number)[]): string => {
    const { line, column } = source.positionOf(segments);
    return `${line}:${column}`;
  };

  test('a word is found where it begins, a mapping or list at its key', () => {
    assert.equal(at('a', 'b'), '2:6');
    assert.equal(at('a', 'c'), '3:3');
    assert.equal(at('a', 'c', 'd'), '3:11');
    assert.equal(at('a', 'c', 'e', 1), '3:21');
    assert.equal(at('a', 'f', 0), '5:7');
    assert.equal(at('a', 'f', '0', 'g', 'h'), '6:12');
    assert.equal(at(), '1:1');
  });

  test('what is not there is found at the nearest place around it', () => {
    assert.equal(at('a', 'c', 'nope', 'deeper'), '3:3');
    assert.equal(at('a', 'f', 7), '4:3');
    assert.equal(at('nope'), '1:1');
  });

  test('an alias is found where it stands, its parts where they were written', () => {
    assert.equal(at('i'), '7:1');
    assert.equal(at('i', 'h'), '6:12');
  });
});

test('a part keeps its value, its places and its repeated keys', () => {
  const part = only('items:\n  - a: 1\n    a: 2\n').part(['items', 0]);
  assert.deepEqual(part?.value, { a: 2 });
  assert.deepEqual(part?.positionOf(['a']), { line: 3, column: 8 });
  assert.deepEqual(part?.repeated, [{ segments: ['a'], position: { line: 3, column: 5 } }]);
});

test('documents that hold nothing are left out', () => {
  const read = readYaml('---\n# a\n---\nb: 1\n---\nnull\n--- # b\n~\n---\n...\n');
  assert.deepEqual(
    read.documents.map(({ value }) => value),
    [{ b: 1 }],
  );
});

describe('JSON objects in a row', () => {
  const values = (text: string): unknown[] => readYaml(text).documents.map(({ value }) => value);

  test('are documents, and YAML may follow', () => {
    assert.deepEqual(values('{"a":1}{"b":"} {"}\n\n {"c":"\\"{"}'), [
      { a: 1 },
      { b: '} {' },
      { c: '"{' },
    ]);
    assert.deepEqual(values('{"a":1}\n{"b":2}\n---\nc: 3\n'), [{ a: 1 }, { b: 2 }, { c: 3 }]);
    assert.deepEqual(values('\u{FEFF}{"a":1}\n{"b":2}'), [{ a: 1 }, { b: 2 }]);
  });

  test('have places in the whole text', () => {
    const [, second] = readYaml('{"a":1}\n{"b":\n  2}').documents;
    assert.deepEqual(second?.positionOf([]), { line: 2, column: 1 });
    assert.deepEqual(second?.positionOf(['b']), { line: 3, column: 3 });
  });

  test('are no reason to cut YAML into pieces', () => {
    assert.deepEqual(values("{a: '} {'}"), [{ a: '} {' }]);
    assert.deepEqual(errorOf('{a: 1} {b: 2}').length, 1);
    assert.deepEqual(errorOf('{"a":1} x').length, 1);
  });
});

describe('what cannot be read', () => {
  test('is told with its place', () => {
    assert.match(errorOf('a: b: c').join(), /^1:\d+: /);
    assert.match(errorOf('a:\n\t- b').join(), /^2:\d+: /);
    assert.deepEqual(errorOf('a: *x'), ['1:4: unknown anchor x']);
    assert.deepEqual(errorOf('a:\n  b: .inf'), ['2:6: .inf is no number that JSON has']);
    assert.deepEqual(errorOf('? [a]\n: b'), ['1:3: a key must be a word']);
    assert.deepEqual(errorOf('~: b'), ['1:1: a key must not be null']);
  });

  test('includes control characters, even in quotes', () => {
    const message = 'control characters are not allowed: this is no text';
    assert.deepEqual(errorOf('a: 1\nb: "\u0000"'), [`2:5: ${message}`]);
    assert.deepEqual(errorOf('\u001B[31m'), [`1:1: ${message}`]);
    assert.equal(only('a: "\u{1F600}\u{85}\t"').value instanceof Object, true);
  });

  test('includes YAML that kubectl refuses or leaves out', () => {
    const separator = 'kubectl takes nothing but a comment behind "---": write it on the next line';
    assert.deepEqual(errorOf('a: 1\n--- {b: 2}\n'), [`2:1: ${separator}`]);
    assert.deepEqual(errorOf('--- ~\n'), [`1:1: ${separator}`]);
    assert.deepEqual(errorOf('---- \n'), [`1:1: ${separator}`]);
    const directive = 'kubectl does not take directives: remove the line';
    assert.deepEqual(errorOf('%YAML 1.1\n---\na: 1\n'), [`1:1: ${directive}`]);
    assert.deepEqual(errorOf('a: 1\n...\n%TAG ! tag:x,2000:\n---\na: 1\n'), [`3:1: ${directive}`]);
    const end = 'kubectl leaves out what stands behind "...": begin it with "---"';
    assert.deepEqual(errorOf('a: 1\n...\nb: 2\n'), [`3:1: ${end}`]);
    for (const right of [
      '--- # a\na: 1\n---\t\nb: 1\n',
      'a: 1\n...\n---\nb: 2\n',
      'a: 1\n... # x\n# y\n',
      'a: "\n  ---x\n  %YAML"\n',
      'a: 1\r\n---\r\nb: 1\r\n',
    ])
      assert.ok(readYaml(right).ok, right);
  });

  test('does not hide the documents beside it', () => {
    const read = readYaml('a: 1\n---\nb: *x\n---\nc: 2\n');
    assert.equal(read.documents.length, 2);
  });

  test('includes aliases without end', () => {
    assert.match(errorOf('a: &a [*a]').join(), /too large/);
    assert.match(errorOf('a: &a { <<: *a }').join(), /too large/);
    assert.match(
      errorOf('a: &a { <<: [*b] }\nb: &b { <<: *a }').join(),
      /too large|unknown anchor/,
    );
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    assert.match(errorOf(lines.join('\n')).join(), /too large/);
  });
});
