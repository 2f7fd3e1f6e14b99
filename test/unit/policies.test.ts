import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { CLEANUP_USERS } from '../../webhook/configurations.ts';
import { createContext } from '../../webhook/context.ts';
import { renderPolicyDocs } from '../../webhook/policies/docs.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import type { Judged, Operation, Policy, PolicyKind } from '../../webhook/policies/policy.ts';
import { runPolicies } from '../../webhook/policies/run.ts';
import { describeBriefly, describeFinding } from '../../webhook/policies/finding-text.ts';
import type { World } from '../../webhook/policies/world.ts';
import { clusterOf, contextOf, policyOf } from '../support/policy.ts';

const root = path.join(import.meta.dirname, '../cases/policies');
const CONTROLLER = 'system:serviceaccount:multigres-operator:multigres-operator-controller';

interface WorldFile extends Omit<World, 'templates' | 'clusters'> {
  templates?: KubeObject[];
  clusters?: MultigresCluster[];
}

interface Expected {
  verdict: 'allowed' | 'warned' | 'denied';
  /** The full texts, in the order in which a user sees them. */
  findings?: string[];
  /** Warnings as kubectl shows them, where that is shorter. */
  briefly?: string[];
}

const folders = (parent: string): string[] =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();

const read = <T>(...parts: string[]): T | undefined => {
  const file = path.join(root, ...parts);
  return existsSync(file) ? (parse(readFileSync(file, 'utf8')) as T) : undefined;
};

/** The world of a case: the common one with the parts that the case replaces. */
function worldOf(policy: string, name: string): World {
  const {
    templates = [],
    clusters = [],
    ...rest
  } = {
    ...read<WorldFile>('world.yaml'),
    ...read<WorldFile>(policy, name, 'world.yaml'),
  };
  const byName = (kind: string) =>
    Object.fromEntries(
      templates.filter((one) => one.kind === kind).map((one) => [one.metadata.name, one]),
    );
  return {
    ...rest,
    clusters,
    templates: {
      core: byName('CoreTemplate'),
      cell: byName('CellTemplate'),
      shard: byName('ShardTemplate'),
    } as Templates,
  };
}

function judge(policy: Policy, name: string): Judged[] {
  const input = read<KubeObject>(policy.id, name, 'input.yaml');
  const stored = read<KubeObject>(policy.id, name, 'old.yaml');
  const request = read<{ operation?: Operation; user?: string }>(policy.id, name, 'request.yaml');
  const operation = request?.operation ?? (stored ? 'UPDATE' : 'CREATE');
  const object = operation === 'DELETE' ? undefined : input;
  const old = operation === 'DELETE' ? input : stored;
  assert.ok(input, `${policy.id}/${name} has no input.yaml`);
  const ctx = createContext({
    operation,
    kind: input.kind as PolicyKind,
    namespace: input.metadata.namespace ?? 'default',
    name: input.metadata.name,
    user: request?.user ?? 'kubernetes-admin',
    trustedUsers: [CONTROLLER, ...CLEANUP_USERS],
    world: worldOf(policy.id, name),
    ...(object ? { object } : {}),
    ...(old ? { old } : {}),
  });
  return runPolicies([policy], ctx);
}

function outcomeOf(judged: Judged[]): Expected {
  const denied = judged.some(({ mode }) => mode === 'deny');
  const some = denied ? 'denied' : 'warned';
  const briefly = judged
    .filter(({ mode, finding }) => mode === 'warn' && finding.brief !== undefined)
    .map(describeBriefly);
  return {
    verdict: judged.length === 0 ? 'allowed' : some,
    ...(judged.length > 0
      ? { findings: judged.map((one) => `${one.mode}: ${describeFinding(one)}`) }
      : {}),
    ...(briefly.length > 0 ? { briefly } : {}),
  };
}

for (const policy of POLICIES) {
  describe(policy.id, () => {
    const names = existsSync(path.join(root, policy.id)) ? folders(path.join(root, policy.id)) : [];
    const verdicts: string[] = [];
    for (const name of names) {
      test(name, () => {
        const outcome = outcomeOf(judge(policy, name));
        const expected = read<Expected>(policy.id, name, 'expected.yaml');
        if (process.env['UPDATE'] && !isDeepStrictEqual(outcome, expected)) {
          const file = path.join(root, policy.id, name, 'expected.yaml');
          writeFileSync(file, stringify(outcome, { lineWidth: 100, singleQuote: true }));
        }
        assert.deepEqual(outcome, read<Expected>(policy.id, name, 'expected.yaml'));
        verdicts.push(outcome.verdict);
      });
    }
    test('has a case that passes, one that does not, and is described', () => {
      const bad = policy.mode === 'deny' ? 'denied' : 'warned';
      assert.ok(verdicts.includes('allowed'), 'no case that is allowed');
      assert.ok(verdicts.includes(bad), `no case that is ${bad}`);
      for (const field of ['summary', 'description', 'good', 'bad'] as const) {
        assert.notEqual(policy[field].trim(), '', field);
      }
      assert.match(policy.id, /^[a-z]+(-[a-z]+)*$/);
      assert.match(policy.code, /^MG\d{3}$/);
      assert.ok(policy.kinds.length > 0 && policy.operations.length > 0);
    });
  });
}

/** Bytes of a warning where 120 are not enough for what has to be said. */
const LONGER: Readonly<Record<string, number>> = { 'survives-zone-loss': 280 };

test('a warning in brief is one short line', () => {
  for (const policy of POLICIES) {
    const warnings = folders(path.join(root, policy.id))
      .flatMap((name) => judge(policy, name))
      .filter(({ mode }) => mode === 'warn');
    for (const one of warnings) {
      const { brief } = one.finding;
      assert.ok(brief, `${policy.id} says at length: ${one.finding.message}`);
      const text = describeBriefly(one);
      const most = LONGER[policy.id] ?? 120;
      assert.ok(Buffer.byteLength(text) < most, `${Buffer.byteLength(text)} bytes: ${text}`);
      assert.doesNotMatch(text, /\n/);
    }
    if (policy.mode === 'warn') assert.notEqual(warnings.length, 0, policy.id);
  }
});

test('ids and codes are used once, and every folder of cases belongs to a policy', () => {
  const ids = POLICIES.map(({ id }) => id);
  const codes = POLICIES.map(({ code }) => code);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(new Set(codes).size, codes.length);
  assert.deepEqual(codes, codes.toSorted());
  assert.deepEqual(folders(root), ids.toSorted());
  const sources = path.join(import.meta.dirname, '../../webhook/policies');
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' });
  for (const id of ids)
    assert.ok(
      files.some((file) => file.endsWith(`/${id}.ts`)),
      id,
    );
});

test('every policy has its section in the docs', () => {
  const docs = renderPolicyDocs();
  for (const { id, code } of POLICIES) {
    assert.ok(docs.includes(`## ${id}\n\n**${code}**`), id);
    assert.ok(docs.includes(`(#${id})`), id);
  }
});

const harmless = policyOf();
const update = (old: KubeObject, now: KubeObject, policy: Policy) =>
  runPolicies([policy], contextOf(now, old));

test('nothing is judged when only metadata changes, unless a policy asks for it', () => {
  const [old, now] = [
    clusterOf({}, { a: 1, b: 2 }),
    clusterOf({ labels: { x: 'y' } }, { b: 2, a: 1 }),
  ];
  assert.equal(update(old, now, harmless).length, 0);
  assert.equal(update(old, now, { ...harmless, evenForMetadata: true }).length, 1);
  assert.equal(update(old, clusterOf({}, { a: 2 }), harmless).length, 1);
});

test('nothing is judged when the object is being deleted', () => {
  const old = clusterOf({ deletionTimestamp: '2026-01-01T00:00:00Z' }, { a: 1 });
  assert.equal(
    update(old, clusterOf({}, { a: 2 }), { ...harmless, evenForMetadata: true }).length,
    0,
  );
});

test('a policy that throws denies with a text that says whose fault it is', () => {
  const broken: Policy = {
    ...harmless,
    check: () => {
      throw new Error('oops');
    },
  };
  const [found] = update(clusterOf({}, { a: 1 }), clusterOf({}, { a: 2 }), broken);
  assert.equal(found?.mode, 'deny');
  assert.match(
    found ? describeFinding(found) : '',
    /internal error in policy x, .*oops.*\[MG999 x\]$/,
  );
});

test('denials come before warnings, each sorted by path', () => {
  const many: Policy = {
    ...harmless,
    check: () => [
      { path: '/b', message: '', allowed: '', fix: '', mode: 'warn' },
      { path: '/c', message: '', allowed: '', fix: '' },
      { path: '/a', message: '', allowed: '', fix: '' },
    ],
  };
  const judged = update(clusterOf({}, { a: 1 }), clusterOf({}, { a: 2 }), many);
  assert.deepEqual(
    judged.map(({ finding, mode }) => `${mode} ${finding.path}`),
    ['deny /a', 'deny /c', 'warn /b'],
  );
});

test('a policy set to warn does not deny', () => {
  const ctx = contextOf(clusterOf({}, {}));
  assert.deepEqual(
    runPolicies([harmless], ctx, { x: 'warn' }).map(({ mode }) => mode),
    ['warn'],
  );
});
