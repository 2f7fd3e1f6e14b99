import { opened } from './embedded/index.ts';
import type { Schema, StructSchema } from './kinds/dsl.ts';
import { kindOf } from './kinds/index.ts';
import { own } from './own.ts';
import { isRecord } from './walk.ts';

/**
 * An object as the API server hands it to admission: fields of `spec` that the API does not have are
 * dropped, null counts as absent except in lists, and absent fields that have a default in the CRD are
 * filled in. Nothing else changes; values of a wrong type stay for the schema to refuse. Pure; the input is not touched.
 * @throws if the kind is none of ours
 */
export function storedForm<T extends object>(kind: string, object: T): T {
  const schema = kindOf(kind).spec;
  const { spec, ...rest } = object as { spec?: unknown };
  if (spec === null) return rest as T;
  return spec === undefined ? object : { ...object, spec: serve(schema, spec) };
}

function serve(given: Schema, value: unknown): unknown {
  const schema = opened(given);
  switch (schema.type) {
    case 'struct':
      return isRecord(value) ? serveStruct(schema, value) : value;
    case 'list':
      return Array.isArray(value) ? value.map((item) => serve(schema.items, item)) : value;
    case 'map':
      return isRecord(value) ? mapValues(value, (entry) => serve(schema.values, entry)) : value;
    case 'string':
    case 'integer':
    case 'boolean':
      return value;
  }
}

function serveStruct(schema: StructSchema, value: Record<string, unknown>): unknown {
  const served: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const field = own(schema.fields, name);
    if (field && inner !== null) served[name] = serve(field.schema, inner);
  }
  for (const [name, field] of Object.entries(schema.fields)) {
    if (field.default === undefined || Object.hasOwn(served, name)) continue;
    served[name] = serve(field.schema, structuredClone(field.default));
  }
  return served;
}

const mapValues = (
  value: Record<string, unknown>,
  change: (inner: unknown) => unknown,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, change(inner)]),
  );
