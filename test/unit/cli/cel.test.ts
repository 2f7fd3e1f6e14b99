import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCelRules } from '../../../cli/cel.ts';
import { API_KINDS } from '../../../schemas/kinds/index.ts';
import { type HoldsRule, ruleErrors } from '../../../schemas/rule-errors.ts';
import { shapeErrors } from '../../../schemas/shape-errors.ts';
import { walkSchemas } from '../../../schemas/walk.ts';
import { schemaCases } from '../../support/schema-cases.ts';

const holds = createCelRules();

const RULES = new Set(
  API_KINDS.flatMap((kind) => [
    ...(kind.rules ?? []),
    ...[...walkSchemas(kind.spec)].flatMap((schema) => schema.rules ?? []),
  ]).map(({ cel }) => cel),
);

test('each rule of the API is kept by some case and broken by another', () => {
  const met = { kept: new Set<string>(), broken: new Set<string>() };
  const noted: HoldsRule = (one, self, old) => {
    const kept = holds(one, self, old);
    met[kept ? 'kept' : 'broken'].add(one.cel);
    return kept;
  };
  for (const { object, old } of schemaCases()) {
    const kind = API_KINDS.find((candidate) => candidate.kind === object.kind);
    if (kind && shapeErrors(kind.kind, object).length === 0) ruleErrors(kind, object, old, noted);
  }
  for (const rules of Object.values(met))
    assert.deepEqual(
      [...RULES].filter((cel) => !rules.has(cel)),
      [],
    );
});

const asked = (cel: string, self: unknown): boolean =>
  holds({ cel, message: 'm: f', transition: false }, self, undefined);

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
