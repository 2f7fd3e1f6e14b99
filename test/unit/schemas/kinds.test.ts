import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crdOf, MAX_CRD_BYTES } from '../../../hack/generate/crds.ts';
import { openApiOf } from '../../../hack/generate/openapi.ts';
import type { JsonSchema } from '../../../schemas/embedded/index.ts';
import type { Kind, Schema } from '../../../schemas/kinds/dsl.ts';
import { API_GROUP, API_KINDS, API_VERSION } from '../../../schemas/kinds/index.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import { walkSchemas } from '../../../schemas/walk.ts';

interface Size {
  paths: number;
  rules: number;
  defaults: number;
}

/** Kubernetes types inside ours count as one path. */
const OPAQUE = new Set(['resources', 'affinity', 'tolerations', 'conditions', 'imagePullSecrets']);

/** What we add to the API, and multigres-operator does not have. */
const OURS = new Set([
  'resolved',
  'failover',
  // in the status of a Shard
  'primary',
  'cohort',
  'expectedMembers',
  'writeTolerance',
  'failoverTolerance',
  'doing',
  'switchover',
  'poolers',
]);
/** Paths of ours in children: caSecret and clientCertSecret of the reference to the topology, durabilityPolicy in the status of a Shard; the summary of shards in the status of a cluster. */
const OUR_PATHS: Record<string, number> = { Cell: 2, TableGroup: 2, Shard: 3, MultigresCluster: 4 };

/**
 * Defaults of its volumes policy below lists, which we resolve later: half-written blocks in
 * `databases` (shard, table group and two places for pools) and in `cells` (their etcd).
 */
const NO_DEFAULTS_IN_LISTS = { MultigresCluster: 10 } as Record<string, number>;
/**
 * Constants that multigres-operator's webhook writes and that stand in our CRD: six fields, the pull
 * policy and five log levels.
 */
const CONSTANTS = { MultigresCluster: 12 } as Record<string, number>;

/**
 * Sizes of the CRDs of multigres-operator, which ours have to be compatible with. Every property,
 * list element and map value is a path, and so are spec and status themselves.
 */
const UPSTREAM: Record<string, Size> = {
  MultigresCluster: { paths: 415, rules: 63, defaults: 19 },
  CoreTemplate: { paths: 38, rules: 6, defaults: 4 },
  CellTemplate: { paths: 39, rules: 6, defaults: 2 },
  ShardTemplate: { paths: 47, rules: 5, defaults: 4 },
  Cell: { paths: 86, rules: 8, defaults: 3 },
  TableGroup: { paths: 147, rules: 14, defaults: 7 },
  Shard: { paths: 132, rules: 9, defaults: 5 },
  TopoServer: { paths: 26, rules: 2, defaults: 4 },
};

function measure(schema: JsonSchema, size: Size): void {
  const rules = schema['x-kubernetes-validations'];
  if (Array.isArray(rules)) size.rules += rules.length;
  if (schema['default'] !== undefined) size.defaults += 1;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (OURS.has(name)) continue;
    size.paths += 1;
    if (!OPAQUE.has(name)) measure(property, size);
  }
  for (const inner of [schema.items, schema.additionalProperties])
    if (inner !== undefined) {
      size.paths += 1;
      measure(inner, size);
    }
}

function sizeOf(kind: Kind): Size {
  const parts = [kind.spec, kind.status].filter((part) => part !== undefined);
  const ours = OUR_PATHS[kind.kind] ?? 0;
  const size: Size = {
    paths: parts.length - ours,
    rules: kind.rules?.length ?? 0,
    defaults: (NO_DEFAULTS_IN_LISTS[kind.kind] ?? 0) - (CONSTANTS[kind.kind] ?? 0),
  };
  for (const part of parts) measure(openApiOf(part), size);
  return size;
}

const messages = (schema: Schema): string[] =>
  [...walkSchemas(schema)].flatMap((inner) => (inner.rules ?? []).map((rule) => rule.message));

for (const kind of API_KINDS) {
  test(`${kind.kind} has the paths, rules and defaults of multigres-operator`, () => {
    assert.deepEqual(sizeOf(kind), UPSTREAM[kind.kind]);
  });

  test(`the CRD of ${kind.kind} stays below the limit of client-side apply`, () => {
    assert.ok(Buffer.byteLength(JSON.stringify(crdOf(kind))) < MAX_CRD_BYTES);
  });

  test(`rules of ${kind.kind} say what to do after what is wrong`, () => {
    const texts = [...messages(kind.spec), ...(kind.rules ?? []).map((rule) => rule.message)];
    assert.deepEqual(
      texts.filter((text) => !/^[^:]+(: |; ).+/.test(text) || text.length > 160),
      [],
    );
  });
}

test('the API server puts no retention policy into lists that users write', () => {
  const within = (schema: JsonSchema, listed: boolean, path: string): string[] => {
    const parts: [string, JsonSchema, boolean][] = [
      ...Object.entries(schema.properties ?? {}).map(
        ([name, one]) => [`${path}.${name}`, one, listed] as [string, JsonSchema, boolean],
      ),
      ...(schema.items ? [[`${path}[]`, schema.items, true] as [string, JsonSchema, boolean]] : []),
      ...(schema.additionalProperties
        ? [[`${path}{}`, schema.additionalProperties, listed] as [string, JsonSchema, boolean]]
        : []),
    ];
    const own = listed && schema['default'] !== undefined ? [path] : [];
    return [...own, ...parts.flatMap(([at, one, inList]) => within(one, inList, at))];
  };
  for (const { kind, spec, writtenBy } of API_KINDS) {
    if (writtenBy !== 'user') continue;
    // The name of a pull secret is one of Kubernetes' own types, and its default means nothing.
    const own = within(openApiOf(spec), false, kind).filter(
      (at) => !at.includes('imagePullSecrets'),
    );
    assert.deepEqual(own, []);
  }
});

test('the list of kinds agrees with the paths that we call', () => {
  for (const { kind, plural } of API_KINDS)
    assert.deepEqual(KINDS[kind as keyof typeof KINDS], {
      group: API_GROUP,
      version: API_VERSION,
      kind,
      plural,
      namespaced: true,
    });
});

test('only the Shard can be scaled, and kinds without status have no subresources', () => {
  const subresources = Object.fromEntries(
    API_KINDS.map((kind) => {
      const crd = crdOf(kind) as { spec: { versions: { subresources?: object }[] } };
      return [kind.kind, Object.keys(crd.spec.versions[0]?.subresources ?? {})];
    }),
  );
  assert.deepEqual(subresources, {
    MultigresCluster: ['status'],
    CoreTemplate: [],
    CellTemplate: [],
    ShardTemplate: [],
    Cell: ['status'],
    TableGroup: ['status'],
    Shard: ['status', 'scale'],
    TopoServer: ['status'],
  });
});
