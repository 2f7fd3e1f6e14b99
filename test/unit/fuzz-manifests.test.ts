import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import jsonPatch, { type Operation } from 'fast-json-patch';
import { createCelRules } from '../../cli/cel.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { ruleErrors } from '../../schemas/rule-errors.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import { shapeErrors } from '../../schemas/shape-errors.ts';
import { storedForm } from '../../schemas/stored-form.ts';
import type {
  CellTemplate,
  CoreTemplate,
  MultigresCluster,
  ShardTemplate,
} from '../../schemas/types.ts';
import { isRecord } from '../../schemas/walk.ts';
import { createContext } from '../../webhook/context.ts';
import { mutate } from '../../webhook/mutate.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import type { PolicyKind } from '../../webhook/policies/policy.ts';
import { runPolicies } from '../../webhook/policies/run.ts';
import type { World } from '../../webhook/policies/world.ts';
import { reviewOf } from '../support/api-outcome.ts';
import { anyCluster, isContained } from '../support/clusters.ts';
import { manifestOf } from '../support/manifests.ts';

/** Fixed, so that a failure comes back; FUZZ_SEED looks elsewhere. fast-check prints the counterexample. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_107);
const RUNS = 10_000;

const soundCluster = fc.oneof(
  anyCluster as fc.Arbitrary<KubeObject>,
  manifestOf('MultigresCluster', 0),
  manifestOf('MultigresCluster', 3),
);
const cluster = fc.oneof(
  { weight: 9, arbitrary: soundCluster },
  { weight: 1, arbitrary: manifestOf('MultigresCluster', 25) },
);
const others = ['CoreTemplate', 'CellTemplate', 'ShardTemplate', 'Shard', 'Cell'];
const manifest = fc.oneof(
  { weight: 15, arbitrary: cluster },
  ...others.flatMap((kind) => [
    { weight: 1, arbitrary: manifestOf(kind, 0) },
    { weight: 1, arbitrary: manifestOf(kind, 5) },
  ]),
);

const hasShape = (object: KubeObject): boolean => shapeErrors(object.kind, object).length === 0;
/** What is stored has passed the schema. */
const storedOf = (arbitrary: fc.Arbitrary<KubeObject>): fc.Arbitrary<KubeObject> =>
  arbitrary.map((object) => storedForm(object.kind, object)).filter(hasShape);
const template = <T>(kind: string): fc.Arbitrary<Record<string, T>> =>
  fc
    .option(storedOf(manifestOf(kind, 0)), { nil: undefined })
    .map((one) => (one ? { default: one as T, t: one as T } : ({} as Record<string, T>)));
const zones = ['az1', 'az2', 'az9'];
const anyWorld: fc.Arbitrary<World> = fc.record(
  {
    nodes: fc.subarray(
      zones.map((zone) => ({ name: zone, labels: { 'topology.k8s.aws/zone-id': zone } })),
    ),
    storageClasses: fc.subarray([
      { name: 'standard', isDefault: true },
      { name: 'default', isDefault: false, expandable: false, bindingMode: 'Immediate' as const },
    ]),
    templates: fc.record({
      core: template<CoreTemplate>('CoreTemplate'),
      cell: template<CellTemplate>('CellTemplate'),
      shard: template<ShardTemplate>('ShardTemplate'),
    }),
    clusters: fc.array(storedOf(anyCluster as fc.Arbitrary<KubeObject>), {
      maxLength: 1,
    }) as fc.Arbitrary<MultigresCluster[]>,
    secrets: fc.constantFrom({}, { pw: ['password'] }, { pw: null }),
    configMaps: fc.constantFrom({}, { t: { postgres: 'work_mem = 8MB\nfsync off' } }),
    liveAgeMs: fc.constantFrom(0, 60_000),
    nowMs: fc.constant(1_767_348_000_000),
    settings: fc.constantFrom({}, { strictZones: true, deletionProtection: true }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Each of these meets about ten manifests: made once, for a third less time. */
const holds = createCelRules();
const AROUND = { numRuns: RUNS / 10, seed: SEED };
const world = fc.constantFrom(...fc.sample(anyWorld, AROUND));
const stored = fc.constantFrom(...fc.sample(storedOf(soundCluster), AROUND));

const kinds = new Map(API_KINDS.map((kind) => [kind.kind, kind]));

const fromJson = (text: string): KubeObject => JSON.parse(text) as KubeObject;

/** What a user can have meant as "not written": our defaults may stand there afterwards. */
function withoutBlanks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBlanks);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      inner === null || inner === '' ? [] : [[key, withoutBlanks(inner)]],
    ),
  );
}

function checkMutation(object: KubeObject): KubeObject {
  const before = JSON.stringify(object);
  const { patch } = mutate(reviewOf(object));
  assert.equal(JSON.stringify(object), before, 'the input is not touched');
  const once = patch
    ? jsonPatch.applyPatch(fromJson(before), patch as Operation[], true).newDocument
    : object;
  assert.ok(isContained(withoutBlanks(object), once), 'something was dropped or changed');
  for (const { op } of (patch ?? []) as Operation[]) assert.match(op, /^(add|replace)$/);
  assert.deepEqual(mutate(reviewOf(once)).patch ?? [], [], 'a second pass changes something');
  assert.deepEqual(mutate(reviewOf(once, once)).patch ?? [], [], 'an update changes something');
  return once;
}

test(`${RUNS} manifests meet defaults, schema and policies without a crash (seed ${SEED})`, () => {
  let judgedByPolicies = 0;
  let refusedBySchema = 0;
  fc.assert(
    fc.property(manifest, fc.option(stored, { freq: 3 }), world, (made, old, around) => {
      // as it comes over the wire
      const sent = fromJson(JSON.stringify(made));
      checkMutation(sent);
      const object = checkMutation(storedForm(sent.kind, sent));
      if (!hasShape(object)) {
        refusedBySchema += 1;
        return;
      }
      const kind = kinds.get(object.kind);
      assert.ok(kind);
      const before = old && old.kind === object.kind ? { old } : {};
      ruleErrors(kind, object, before.old, holds);
      judgedByPolicies += 1;
      for (const operation of ['CREATE', 'UPDATE', 'DELETE'] as const) {
        const ctx = createContext({
          operation,
          kind: object.kind as PolicyKind,
          namespace: 'ns',
          name: 'm',
          user: 'alice',
          trustedUsers: [],
          world: around,
          ...(operation === 'DELETE' ? { old: object } : { object }),
          ...(operation === 'UPDATE' ? { old: object, ...before } : {}),
        });
        const judged = runPolicies(POLICIES, ctx);
        const failed = judged.find(({ finding }) => finding.message.startsWith('internal error'));
        assert.equal(failed, undefined, failed?.finding.message);
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
  assert.ok(judgedByPolicies > RUNS / 4, `only ${judgedByPolicies} reached the policies`);
  assert.ok(refusedBySchema > RUNS / 10, `only ${refusedBySchema} were broken`);
});
