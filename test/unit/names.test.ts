import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { buildName, commonName, hashName, names } from '../../schemas/names.ts';
import type { NameConstraint } from '../../schemas/names.ts';

interface Row {
  call: keyof typeof names;
  args: (string | number)[];
  name: string;
}

const rows = parse(
  readFileSync(new URL('../cases/names/table.yaml', import.meta.url), 'utf8'),
) as Row[];

for (const { call, args, name } of rows) {
  test(`names.${call}(${args.join(', ')}) is upstream's`, () => {
    const make = names[call] as (...parts: unknown[]) => string;
    assert.equal(make(...args), name);
  });
}

test('hashes and names equal the test values of upstream', () => {
  assert.equal(hashName(['a-b', 'c']), 'f03bd84a');
  assert.equal(hashName(['a', 'b-c']), '86d543be');
  assert.equal(buildName(['hello', 'world'], 'default'), 'hello-world-344ce285');
  assert.equal(buildName(['1abc', 'Z_1'], 'default'), '1abc-z-1-4980f4f6');
  assert.equal(buildName(['1abc', 'Z_1'], 'service'), 'x1abc-z-1-4980f4f6');
  const zone = names.poolPod('minimal', 'postgres', 'default', '0-inf', 'default', 'zone-a', 0);
  assert.match(zone, /a3a0d77b-0$/);
});

test('a name is cut only where the documented sum of lengths is passed', () => {
  const text = (length: number) => 'c'.repeat(length);
  const pod = (c: number, pool: number, cell: number) =>
    names.poolPod(text(c), 'postgres', 'default', '0-inf', text(pool), text(cell), 0);
  assert.ok(!pod(10, 7, 4).includes('---'));
  assert.ok(pod(10, 7, 5).includes('---'));
  const headless = (sum: number) =>
    names.poolHeadless(text(sum - 2), 'postgres', 'default', '0-inf', 'p', 'z');
  assert.ok(!headless(15).includes('---'));
  assert.ok(headless(16).includes('---'));
  const orch = (sum: number) =>
    names.orchService(text(sum - 1), 'postgres', 'default', '0-inf', 'z');
  assert.ok(!orch(20).includes('---'));
  assert.ok(orch(21).includes('---'));
  const backup = (c: number) => names.backupPvc(text(c), 'postgres', 'default', '0-inf');
  assert.ok(!backup(19).includes('---'));
  assert.ok(backup(20).includes('---'));
});

const MAX: Record<NameConstraint, number> = { default: 253, service: 63, statefulset: 52, pod: 60 };
const constraint = fc.constantFrom<NameConstraint>('default', 'service', 'statefulset', 'pod');
const part = fc.oneof(fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$/), fc.string());

test('names are valid, keep their length and do not depend on anything else', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 9 }), constraint, (parts, kind) => {
      const name = buildName(parts, kind);
      assert.ok(name.length <= MAX[kind], `${name} has ${name.length} characters`);
      assert.match(name, kind === 'default' ? /^[a-z0-9][a-z0-9-]*$/ : /^[a-z][a-z0-9-]*$/);
      assert.ok(name.endsWith(`-${hashName(parts)}`));
      assert.equal(buildName([...parts], kind), name);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('different parts have different names (32 bits: checked over a fixed sample)', () => {
  const seen = new Map<string, string>();
  const samples = fc.sample(fc.array(part, { minLength: 1, maxLength: 4 }), {
    seed: 2,
    numRuns: 5000,
  });
  for (const parts of samples) {
    const name = buildName(parts, 'statefulset');
    const key = JSON.stringify(parts);
    assert.equal(seen.get(name) ?? key, key, `${name} stands for two lists of parts`);
    seen.set(name, key);
  }
});

test('moving a dash between parts changes the name', () => {
  assert.notEqual(buildName(['a-b', 'c'], 'default'), buildName(['a', 'b-c'], 'default'));
});

test('a common name is at most 64 characters and keeps short names', () => {
  assert.equal(
    commonName('multiorch.demo.prod.multigres.internal'),
    'multiorch.demo.prod.multigres.internal',
  );
  const long = names.internalTls('multigateway', 'c'.repeat(25), 'n'.repeat(63));
  assert.equal(commonName(long).length, 64);
  assert.match(commonName(long), /^multigateway\.c+\.n+-[0-9a-f]{8}$/);
});
