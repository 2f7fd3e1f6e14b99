/** The command line reads what no API server has seen: any JSON may stand anywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { explainDocuments } from '../../cli/explain/explain.ts';
import { OFFLINE_WORLD } from '../../cli/judge.ts';
import { lintDocuments } from '../../cli/lint.ts';
import { FORMATS, render } from '../../cli/report/report.ts';
import type { LiveState } from '../../cli/world.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import { storedForm } from '../../schemas/stored-form.ts';
import { JUNK, manifestOf } from '../support/manifests.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_107);
const RUNS = 300;

/** Some of these fields, each of them now and then junk. */
const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, right]) => [
        name,
        fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: JUNK }),
      ]),
    ),
    { requiredKeys: [], noNullPrototype: true },
  );

const texts = fc.dictionary(fc.constantFrom('a', 'b/c', 'A\nB', ''), JUNK, { maxKeys: 2 });
const zone = fc.constantFrom('az1', 'az2', 5, null);
const metadata = fc.oneof(
  { weight: 20, arbitrary: fc.constant({}) },
  {
    weight: 20,
    arbitrary: some({
      namespace: fc.constantFrom('default', 'other'),
      generateName: fc.constant('m-'),
      labels: texts,
      annotations: fc.dictionary(
        fc.constantFrom(
          'multigres.com/bypass-policies',
          'multigres.com/bypass-reason',
          'multigres.com/deletion-protection',
        ),
        fc.oneof(fc.constantFrom('durability-known', 'true', 'a drill'), JUNK),
      ),
      finalizers: fc.constantFrom([], ['a/b'], [5], [null]),
      ownerReferences: fc.array(some({ apiVersion: fc.constant('v1'), uid: fc.constant('u') }), {
        maxLength: 2,
      }),
      managedFields: fc.array(some({ manager: fc.constant('m') }), { maxLength: 2 }),
      creationTimestamp: fc.constantFrom(null, '2026-01-01T00:00:00Z', 'yesterday'),
      generation: fc.constantFrom(1, 'a'),
    }),
  },
  { weight: 1, arbitrary: JUNK },
);

/** Templates called `default` apply to every cluster, those called `t` to the ones that name them. */
const names: Record<string, string[]> = {
  MultigresCluster: ['m', 'm', 't'],
  CoreTemplate: ['default', 't'],
  CellTemplate: ['default', 't'],
  ShardTemplate: ['default', 't'],
};

const ours = fc
  .constantFrom(...API_KINDS.map(({ kind }) => kind), ...Array<string>(6).fill('MultigresCluster'))
  .chain((kind) =>
    fc.tuple(
      fc.oneof(manifestOf(kind, 0), manifestOf(kind, 0), manifestOf(kind, 3)),
      fc.constantFrom(...(names[kind] ?? ['m'])),
      metadata,
    ),
  )
  .map(([object, name, more]) => ({
    ...object,
    metadata: typeof more === 'object' && !Array.isArray(more) ? { name, ...more } : more,
  }));

const foreign = (apiVersion: string, kind: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(some(fields), metadata).map(([rest, more]) => ({
    apiVersion,
    kind,
    metadata: typeof more === 'object' ? { name: 'pw', ...more } : more,
    ...rest,
  }));
const taint = some({
  key: fc.constant('a'),
  effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule'),
});
const others = fc.oneof(
  foreign('v1', 'Node', {
    spec: some({ taints: fc.array(taint, { maxLength: 2 }), unschedulable: fc.boolean() }),
    metadata: some({
      name: fc.constantFrom('n1', 'n2'),
      labels: some({ 'topology.kubernetes.io/zone': zone }),
    }),
  }),
  foreign('storage.k8s.io/v1', 'StorageClass', {
    provisioner: fc.constant('x'),
    allowVolumeExpansion: fc.boolean(),
    volumeBindingMode: fc.constantFrom('Immediate', 'WaitForFirstConsumer'),
  }),
  foreign('v1', 'Secret', { data: texts, stringData: texts }),
  foreign('v1', 'ConfigMap', { data: texts }),
);

const inputs = fc.array(
  fc.oneof({ weight: 3, arbitrary: ours }, { weight: 1, arbitrary: others }),
  {
    minLength: 1,
    maxLength: 4,
  },
);

const stored = fc.constantFrom(
  ...fc.sample(
    manifestOf('MultigresCluster', 0).map((object) => storedForm(object.kind, object)),
    { numRuns: 100, seed: SEED },
  ),
);

const stateWith = (old: KubeObject): LiveState => ({
  stored: ({ kind }) => (kind === old.kind ? old : undefined),
  worldOf: () => OFFLINE_WORLD,
  modesIn: () => ({}),
  mayBypass: () => new Map(),
});

test(`${RUNS} inputs are linted and explained without a crash (seed ${SEED})`, () => {
  let accepted = 0;
  let explained = 0;
  fc.assert(
    fc.property(inputs, fc.option(stored), (objects, old) => {
      const text = objects.map((object) => JSON.stringify(object)).join('\n');
      const options = old ? { live: stateWith(old) } : {};
      const given = [{ name: 'a.json', text }];
      const result = lintDocuments(given, options);
      for (const { text: line } of result.findings) assert.doesNotMatch(line, /internal error/);
      for (const format of FORMATS) render(result, format);
      const lines = render(result, 'text').trimEnd().split('\n').length;
      assert.equal(lines, result.findings.length + result.failures.length + 1);
      accepted += result.objects.filter(({ verdict }) => verdict === 'accepted').length;
      explained += explainDocuments(given, options).clusters.length;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  assert.ok(accepted > RUNS / 25, `only ${accepted} objects were accepted`);
  assert.ok(explained > RUNS / 20, `only ${explained} clusters were explained`);
});
