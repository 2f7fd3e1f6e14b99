/** Statuses with every field that a kind has, and every way to take one thing away. */
import { EMBEDDED } from '../../schemas/embedded/index.ts';
import type { Kind, Schema, StringSchema } from '../../schemas/kinds/dsl.ts';

type Tree = Record<string, unknown>;

const textOf = (schema: StringSchema, nth: number): string => {
  if (schema.enum) return schema.enum[nth % schema.enum.length] ?? '';
  if (schema.name === 'Duration') return `${nth + 1}s`;
  return schema.format === 'date-time' ? `2026-01-0${nth + 1}T00:00:00Z` : `text-${nth}`;
};

const EMBEDDED_VALUES: Partial<Record<string, (nth: number) => Tree>> = {
  Condition: (nth) => ({
    type: `Type${nth}`,
    status: 'True',
    reason: 'Reason',
    message: 'message',
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }),
  ResourceRequirements: () => ({
    limits: { cpu: '2', memory: '1Gi' },
    requests: { cpu: '1', memory: '1Gi' },
  }),
};

/** A value of the schema with every field, and two entries in each list and map. */
export function fullValue(schema: Schema, nth = 0): unknown {
  switch (schema.type) {
    case 'string':
      return textOf(schema, nth);
    case 'integer':
      return nth + 1;
    case 'boolean':
      return nth === 0;
    case 'list':
      return [fullValue(schema.items, 0), fullValue(schema.items, 1)];
    case 'map':
      return { one: fullValue(schema.values, 0), two: fullValue(schema.values, 1) };
    case 'embedded': {
      const make = EMBEDDED_VALUES[schema.name];
      if (!make)
        throw new Error(`no value for ${schema.name} of ${Object.keys(EMBEDDED).join(', ')}`);
      return make(nth);
    }
    case 'struct':
      return Object.fromEntries(
        Object.entries(schema.fields).map(([name, field]) => [name, fullValue(field.schema, nth)]),
      );
  }
}

export interface Change {
  /** What is different from the full value, in words. */
  what: string;
  value: unknown;
}

const set = (value: Tree, key: string, to: unknown): Tree => ({ ...value, [key]: to });
const without = (value: Tree, key: string): Tree =>
  Object.fromEntries(Object.entries(value).filter(([other]) => other !== key));

/** Changes of `value` that stay within the schema, each in one place. */
export function* removals(schema: Schema, value: unknown, path = 'status'): Generator<Change> {
  if (schema.type === 'embedded' && schema.name === 'ResourceRequirements') {
    const all = value as Tree;
    yield { what: `${path} without limits`, value: without(all, 'limits') };
    yield { what: `${path} with empty limits`, value: set(all, 'limits', {}) };
    yield { what: `${path} empty`, value: {} };
  } else if (schema.type === 'list') {
    const [first, second] = value as unknown[];
    yield { what: `${path} without its last`, value: [first] };
    yield { what: `${path} empty`, value: [] };
    for (const inner of removals(schema.items, first, `${path}[0]`))
      yield { what: inner.what, value: [inner.value, second] };
  } else if (schema.type === 'map') {
    const all = value as Tree;
    yield { what: `${path} without one`, value: without(all, 'one') };
    yield { what: `${path} empty`, value: {} };
    for (const inner of removals(schema.values, all['one'], `${path}.one`))
      yield { what: inner.what, value: set(all, 'one', inner.value) };
  } else if (schema.type === 'struct') {
    const all = value as Tree;
    for (const [name, field] of Object.entries(schema.fields)) {
      const at = `${path}.${name}`;
      if (!field.required) yield { what: `no ${at}`, value: without(all, name) };
      for (const inner of removals(field.schema, all[name], at))
        yield { what: inner.what, value: set(all, name, inner.value) };
    }
    const required = Object.entries(schema.fields).filter(([, field]) => field.required);
    const least = Object.fromEntries(required.map(([name]) => [name, all[name]]));
    yield { what: `${path} with required fields only`, value: least };
  }
}

/** The status of a kind with all that it may hold. */
export const fullStatus = ({ kind, status }: Kind): Tree => {
  if (!status) throw new Error(`${kind} has no status`);
  return fullValue(status) as Tree;
};
