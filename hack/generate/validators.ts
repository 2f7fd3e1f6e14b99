import { Ajv, type AnySchemaObject } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';
import { EMBEDDED, type JsonSchema } from '../../schemas/embedded/index.ts';
import type { Schema, StructSchema } from '../../schemas/kinds/dsl.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import { requiredNames } from './openapi.ts';
import type { Output } from './output.ts';

const INT32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };

/** Schemas by what they say, with short names to refer to them. */
type Definitions = Map<string, { id: string; schema: AnySchemaObject }>;

const pick = (schema: object, ...keys: string[]): object =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => keys.includes(key)));

/** An embedded schema without the words that only Kubernetes knows. */
function plain(schema: JsonSchema): AnySchemaObject {
  if (schema['x-kubernetes-int-or-string'] === true)
    return { type: ['integer', 'string'], pattern: schema['pattern'] };
  const kept = pick(
    schema,
    'type',
    'required',
    'enum',
    'pattern',
    'minLength',
    'maxLength',
    'minimum',
  );
  return {
    ...kept,
    ...(schema.items ? { items: plain(schema.items) } : {}),
    ...(schema.additionalProperties
      ? { additionalProperties: plain(schema.additionalProperties) }
      : {}),
    ...(schema.properties
      ? {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([name, value]) => [name, plain(value)]),
          ),
        }
      : {}),
  };
}

/** A reference to a schema that is compiled once, however often it is used. */
function shared(
  name: string,
  definitions: Definitions,
  make: () => AnySchemaObject,
): AnySchemaObject {
  const known = definitions.get(name) ?? { id: `d${definitions.size}`, schema: {} };
  if (!definitions.has(name)) {
    definitions.set(name, known);
    known.schema = make();
  }
  return { $ref: `defs#/$defs/${known.id}` };
}

function structOf(schema: StructSchema, definitions: Definitions): AnySchemaObject {
  const required = requiredNames(schema);
  const properties = Object.entries(schema.fields).map(([name, field]) => [
    name,
    jsonSchemaOf(field.schema, definitions),
  ]);
  return { type: 'object', required, properties: Object.fromEntries(properties) as object };
}

function jsonSchemaOf(schema: Schema, definitions: Definitions): AnySchemaObject {
  switch (schema.type) {
    case 'string': {
      const limits = pick(schema, 'minLength', 'maxLength', 'pattern', 'enum');
      const name = `string ${JSON.stringify(limits)}`;
      return shared(name, definitions, () => ({ type: 'string', ...limits }));
    }
    case 'integer': {
      const range = schema.format === 'int32' ? INT32 : {};
      return { ...range, ...pick(schema, 'type', 'minimum', 'maximum') };
    }
    case 'boolean':
      return { type: 'boolean' };
    case 'list':
      return {
        type: 'array',
        ...pick(schema, 'minItems', 'maxItems'),
        ...(schema.listType === 'set' ? { uniqueItems: true } : {}),
        items: jsonSchemaOf(schema.items, definitions),
      };
    case 'map':
      return {
        type: 'object',
        ...pick(schema, 'maxProperties'),
        additionalProperties: jsonSchemaOf(schema.values, definitions),
      };
    case 'embedded':
      return shared(schema.name, definitions, () => plain(EMBEDDED[schema.name]));
    case 'struct':
      return schema.name === undefined
        ? structOf(schema, definitions)
        : shared(schema.name, definitions, () => structOf(schema, definitions));
  }
}

const definitionsById = (definitions: Definitions): Record<string, AnySchemaObject> =>
  Object.fromEntries([...definitions.values()].map(({ id, schema }) => [id, schema]));

const DECLARATIONS = `// Made by hack/generate.ts from schemas/kinds. Do not edit.
export interface ValidationError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}
export interface Validator {
  (data: unknown): boolean;
  errors?: ValidationError[] | null;
}
${API_KINDS.map(({ kind }) => `export declare const ${kind}: Validator;`).join('\n')}
`;

/** One function per kind for types, lengths, patterns and the like; rules are not in it. */
export async function validators(): Promise<Output[]> {
  const definitions: Definitions = new Map();
  const kinds = API_KINDS.map(({ kind, spec, status }) => ({
    $id: kind,
    type: 'object',
    properties: {
      spec: jsonSchemaOf(spec, definitions),
      ...(status ? { status: jsonSchemaOf(status, definitions) } : {}),
    },
  }));
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    inlineRefs: false,
    messages: false,
    allowUnionTypes: true,
    code: { source: true, esm: true, optimize: 2 },
    schemas: [{ $id: 'defs', $defs: definitionsById(definitions) }, ...kinds],
  });
  const names = Object.fromEntries(API_KINDS.map(({ kind }) => [kind, kind]));
  const { outputFiles } = await build({
    stdin: { contents: standalone.default(ajv, names), resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    legalComments: 'none',
    write: false,
    banner: { js: '// Made by hack/generate.ts from schemas/kinds. Do not edit.' },
  });
  return [
    { path: 'schemas/generated/validators.mjs', content: outputFiles[0]?.text ?? '' },
    { path: 'schemas/generated/validators.d.mts', content: DECLARATIONS },
  ];
}
