import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCelRules } from '../../../cli/cel.ts';
import { type Rule, rule, rulesOf, type Schema } from '../../../schemas/kinds/dsl.ts';
import { API_KINDS } from '../../../schemas/kinds/index.ts';
import { walkSchemas } from '../../../schemas/walk.ts';

const holds = createCelRules();

interface Placed {
  rule: Rule;
  /** What values at its place are, as `isOf` reads it. */
  shape: string;
}

const SHAPES: Record<Schema['type'], string> = {
  string: 'string',
  integer: 'number',
  boolean: 'boolean',
  list: '',
  map: 'object',
  struct: 'object',
  embedded: 'object',
};

const shapeAt = (schema: Schema): string =>
  schema.type === 'list' ? `list of ${shapeAt(schema.items)}` : SHAPES[schema.type];

const RULES: Placed[] = [
  ...new Map(
    API_KINDS.flatMap((kind) => [
      ...(kind.rules ?? []).map((one) => ({ rule: one, shape: 'object' })),
      ...[...walkSchemas(kind.spec)].flatMap((schema) =>
        rulesOf(schema).map((one) => ({ rule: one, shape: shapeAt(schema) })),
      ),
    ]).map((placed) => [`${placed.shape} ${placed.rule.cel}`, placed] as const),
  ).values(),
];

const WORDS = [
  ...['', 'a', 'postgres', 'default', '0-inf', 's3', 'filesystem', 'multigres.com/x'],
  ...['http://x', 'https://y', 'ftp://z'],
  ...[25, 26, 62, 63, 64, 255, 256].map((length) => 'x'.repeat(length)),
];
const FIELDS = ['spec', 'templateRef', 'overrides', 'etcd', 'external', 'zoneId', 'region'];
const MORE = ['cellTemplate', 'shardTemplate', 'encryption', 's3', 'filesystem'];

/** Values of every shape that some rule looks at. Each rule meets all of its shape. */
const VALUES: unknown[] = [
  ...WORDS,
  ...[0, 1, 2, 3, 7, 2 ** 31],
  ...[...FIELDS, ...MORE].flatMap((a) =>
    [...FIELDS, ...MORE].map((b) => ({ [a]: { secretName: a }, [b]: { secretName: b } })),
  ),
  ...['s3', 'filesystem'].flatMap((type) => [{ type }, { type, s3: {} }, { type, filesystem: {} }]),
  ...['', 'x'].flatMap((serviceAccountName) =>
    ['', 'x'].flatMap((credentialsSecret) =>
      [true, false].map((use) => ({
        serviceAccountName,
        credentialsSecret,
        useEnvCredentials: use,
      })),
    ),
  ),
  { useEnvCredentials: true },
  {},
  ...WORDS.flatMap((key) => WORDS.map((value) => ({ [key]: value }))),
  ...WORDS.map((name) => ({ metadata: { name } })),
  ...WORDS.map((name) => ({ name, default: true })),
  ...[[], ['a'], ['a', 'b'], ['https://y', 'ftp://z']],
  ...[[{ name: 'a' }], [{ name: 'b' }, { name: 'a' }]],
  [{ name: 'postgres', default: true }],
  [
    { name: 'default', default: true },
    { name: 'b', default: true },
  ],
];

/** An empty list is of any kind. */
const isOf = (shape: string, value: unknown): boolean =>
  Array.isArray(value)
    ? shape.startsWith('list of ') && value.every((item) => isOf(shape.slice(8), item))
    : shape === typeof value;

const attempt = (judge: () => boolean): boolean | undefined => {
  try {
    return judge();
  } catch {
    return undefined;
  }
};

/**
 * The two ways to write a rule down must agree wherever both have an answer: values that one of them
 * cannot look at are of a type that the schema refuses before.
 */
test('the CEL of each rule says what its function says', () => {
  let compared = 0;
  for (const { rule: one, shape } of RULES) {
    const values = VALUES.filter((value) => isOf(shape, value));
    const few = values.filter((_, i) => i % 3 === 0 || shape.startsWith('list'));
    for (const self of one.transition ? few : values)
      for (const old of one.transition ? few : [undefined]) {
        const cel = attempt(() => holds(one, self, old));
        const own = attempt(() => one.holds(self, old));
        if (cel === undefined || own === undefined) continue;
        assert.equal(cel, own, `${one.cel} of ${JSON.stringify(self)}, ${JSON.stringify(old)}`);
        compared += 1;
      }
  }
  assert.ok(compared > 10_000, String(compared));
});

const asked = (cel: string, self: unknown): boolean =>
  holds(rule(cel, 'm: f', () => false) as Rule, self, undefined);

test('values are what the API server makes of them', () => {
  assert.ok(asked('type(self) == int && self % 2 == 1 && self / 2 == 1', 3));
  assert.ok(
    asked('self.a == 1 && self.b == [1, 2] && self.c == {"d": 1}', {
      a: 1,
      b: [1, 2],
      c: { d: 1 },
    }),
  );
  assert.ok(asked('has(self.a) && !has(self.b)', { a: null }));
  assert.ok(asked('self.?a.?b.orValue("c") == "c"', {}));
  assert.ok(asked('self.size() == 1', '\u{1F600}'), 'characters, not UTF-16 units');
  assert.ok(asked('self.matches("^[a-z]+$")', 'abc'));
  assert.ok(asked('self.exists(k, k == "a") && self.exists_one(k, self[k] == 1)', { a: 1 }));
});

test('a text that is no rule is an error, not an answer', () => {
  assert.throws(() => asked('self.', {}));
  assert.throws(() => asked('isURL(self)', 'http://a'));
  assert.throws(() => asked('self', 'a'), /gives no yes or no/);
});
