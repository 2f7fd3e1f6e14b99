import { opened } from './embedded/index.ts';
import type { Kind, ListSchema, Schema } from './kinds/dsl.ts';

/** One value of an object, with its schema and what is stored at the same place today. */
export interface Node {
  schema: Schema;
  value: unknown;
  /** Undefined when nothing is stored there or when places cannot be matched. */
  old: unknown;
  path: string;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The part of a problem that shows the value. Lists and objects are left out: they fill the screen. */
export const shown = (value: unknown): { value?: unknown } =>
  value === undefined || (typeof value === 'object' && value !== null) ? {} : { value };

/** `spec.cells[0].name`, with quotes around keys that would be hard to read without. */
export const joinPath = (parent: string, key: string): string => {
  if (!/^[\w-]+$/.test(key)) return `${parent}[${JSON.stringify(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
};

function oldItem(schema: ListSchema, old: unknown, item: unknown): unknown {
  const { key } = schema;
  if (key === undefined || !Array.isArray(old) || !isRecord(item)) return undefined;
  return old.find((other) => isRecord(other) && other[key] === item[key]) as unknown;
}

export const keyOf = (value: unknown, key: string): unknown =>
  isRecord(value) ? value[key] : undefined;

function* children({ schema: given, value, old, path }: Node): Generator<Node> {
  const schema = opened(given);
  const below = (inner: Schema, key: string): Node => {
    return {
      schema: inner,
      value: keyOf(value, key),
      old: keyOf(old, key),
      path: joinPath(path, key),
    };
  };
  if (schema.type === 'struct' && isRecord(value)) {
    for (const [name, field] of Object.entries(schema.fields))
      if (value[name] !== undefined) yield below(field.schema, name);
  } else if (schema.type === 'map' && isRecord(value)) {
    for (const key of Object.keys(value)) yield below(schema.values, key);
  } else if (schema.type === 'list' && Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const before = oldItem(schema, old, item);
      yield { schema: schema.items, value: item, old: before, path: `${path}[${i}]` };
    }
  }
}

/**
 * A value and all that is in it, wholes before parts. Old and new values are matched as the API
 * server does it: fields and map entries by name, elements of a list only if the list has a key.
 */
function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of children(node)) yield* walk(child);
}

/** The spec of an object and all that is in it; nothing if it has none. */
export function* walkSpec(kind: Kind, object: unknown, old?: unknown): Generator<Node> {
  const value = keyOf(object, 'spec');
  if (value !== undefined)
    yield* walk({ schema: kind.spec, value, old: keyOf(old, 'spec'), path: 'spec' });
}

/** A schema and all schemas in it. */
export function* walkSchemas(schema: Schema): Generator<Schema> {
  yield schema;
  if (schema.type === 'list') yield* walkSchemas(schema.items);
  if (schema.type === 'map') yield* walkSchemas(schema.values);
  if (schema.type === 'struct')
    for (const field of Object.values(schema.fields)) yield* walkSchemas(field.schema);
}
