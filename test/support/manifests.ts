/** Manifests made from the schema itself: right ones, and ones with something wrong at any place. */
import fc from 'fast-check';
import type { Schema, StructSchema } from '../../schemas/kinds/dsl.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import type { KubeObject } from '../../schemas/k8s.ts';

type Any = fc.Arbitrary<unknown>;

/** Texts that mean something somewhere, so that references meet and sizes are sizes. */
const WORDS = [
  ...[
    'z1',
    'z2',
    'default',
    'main',
    'postgres',
    '0-inf',
    't',
    'az1',
    'az2',
    'eu',
    'pw',
    'password',
  ],
  ...['1Gi', '20Gi', '1024Mi', '10', '100m', '1.5Gi', '10s', '1m30s', '500ms'],
  ...[
    'constructor',
    'tostring',
    'AT_LEAST_2',
    'MULTI_CELL_AT_LEAST_2',
    'https://e:2379',
    '192.0.2.1',
    'work_mem',
    '8MB',
  ],
];

/** What nobody should write, and somebody will. */
export const JUNK: Any = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e308, '', ' ', [], {}, [null], [[]]),
  fc.constantFrom(
    '~',
    '/',
    'a/b~c',
    '~1',
    '__proto__',
    'constructor',
    '999.1.1.1',
    '10foo',
    '-5Gi',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constant('x'.repeat(600)),
  fc.jsonValue({ maxDepth: 2 }),
);

const KEYS = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...WORDS) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('a/b', 'a~b', '~0', 'x.y/z', 'My_Pool', '', 'constructor'),
  },
);

/** Resources are where numbers are; of the other types of Kubernetes a few fields do. */
const quantity = fc.constantFrom<unknown>('100m', '1', 2, '128Mi', '1Gi', '0', '-1', 'much', '1e3');
const quantities = fc.dictionary(fc.constantFrom('cpu', 'memory', 'x/y'), quantity, {
  maxKeys: 2,
  noNullPrototype: true,
});
const EMBEDDED: Record<string, Any> = {
  ResourceRequirements: fc.record(
    { requests: quantities, limits: quantities },
    { requiredKeys: [], noNullPrototype: true },
  ),
  Toleration: fc.constantFrom({ key: 'a', operator: 'Exists' }, {}),
  Affinity: fc.constantFrom({}, { podAntiAffinity: {} }, { nodeAffinity: {} }),
  LocalObjectReference: fc.constantFrom({ name: 's' }, {}),
  Condition: fc.constant({ type: 'X', status: 'True', reason: 'Y', message: '' }),
};

interface Damage {
  /** How many of a hundred values are junk. */
  percent: number;
}

const damaged = (value: Any, { percent }: Damage): Any =>
  percent === 0
    ? value
    : fc.oneof({ weight: 100 - percent, arbitrary: value }, { weight: percent, arbitrary: JUNK });

function valueOf(schema: Schema, damage: Damage): Any {
  return damaged(rightValue(schema, damage), damage);
}

function rightValue(schema: Schema, damage: Damage): Any {
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 9, 9) });
    case 'boolean':
      return fc.boolean();
    case 'list': {
      const min = Math.min(schema.minItems ?? 0, 2);
      const items = { minLength: min, maxLength: Math.min(schema.maxItems ?? 3, 3) };
      const item = valueOf(schema.items, damage);
      if (schema.listType === undefined) return fc.array(item, items);
      const { key } = schema;
      const selector = (one: unknown): unknown =>
        key === undefined ? one : (one as Record<string, unknown> | null)?.[key];
      return fc.uniqueArray(item, { ...items, selector });
    }
    case 'map':
      return fc.dictionary(KEYS, valueOf(schema.values, damage), {
        maxKeys: 3,
        noNullPrototype: true,
      });
    case 'struct':
      return structOf(schema, damage);
    case 'embedded':
      return EMBEDDED[schema.name] ?? fc.constant({});
  }
}

function text(schema: Extract<Schema, { type: 'string' }>): Any {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const { pattern, minLength = 0, maxLength = Infinity } = schema;
  const fits = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  const right = (value: string): boolean =>
    value.length >= minLength && value.length <= maxLength && (fits?.test(value) ?? true);
  const words = WORDS.filter(right);
  if (words.length === 0) throw new Error(`no word fits ${JSON.stringify(schema)}`);
  return fc.constantFrom(...words);
}

/** Required fields are there, the others now and then; unknown ones come with the damage. */
function structOf(schema: StructSchema, damage: Damage): Any {
  const fields = Object.entries(schema.fields).map(([name, field]) => {
    const value = valueOf(field.schema, damage);
    const present = field.required ? 30 : 1;
    const absent = field.required ? Math.min(damage.percent, 1) : 2;
    const weighed: Any =
      absent === 0
        ? value
        : fc.oneof(
            { weight: present, arbitrary: value },
            { weight: absent, arbitrary: fc.constant(undefined) },
          );
    return [name, weighed] as const;
  });
  const unknown =
    damage.percent === 0 ? {} : { '~x/y': fc.option(JUNK, { nil: undefined, freq: 8 }) };
  return fc
    .record({ ...Object.fromEntries(fields), ...unknown })
    .map((value) =>
      Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)),
    );
}

const kindNamed = (name: string) => {
  const found = API_KINDS.find(({ kind }) => kind === name);
  if (!found) throw new Error(name);
  return found;
};

/** An object of a kind; `percent` of all values in it are junk. */
export const manifestOf = (kind: string, percent: number): fc.Arbitrary<KubeObject> =>
  valueOf(kindNamed(kind).spec, { percent }).map((spec) => ({
    apiVersion: 'multigres.com/v1alpha1',
    kind,
    metadata: { name: 'm', namespace: 'ns' },
    spec,
  }));
