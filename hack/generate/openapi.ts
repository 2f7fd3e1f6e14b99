import { EMBEDDED, type JsonSchema } from '../../schemas/embedded/index.ts';
import {
  type Field,
  type ListSchema,
  type Schema,
  type StructSchema,
} from '../../schemas/kinds/dsl.ts';

/** Keys with a value only, in the order given. */
const present = (entries: Record<string, unknown>): JsonSchema =>
  Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined),
  ) as JsonSchema;

const listKeys = (schema: ListSchema): Record<string, unknown> => ({
  'x-kubernetes-list-type': schema.listType,
  'x-kubernetes-list-map-keys': schema.key === undefined ? undefined : [schema.key],
});

export const requiredNames = (schema: StructSchema): string[] =>
  Object.entries(schema.fields)
    .filter(([, field]) => field.required)
    .map(([name]) => name)
    .toSorted();

const fieldSchema = (field: Field): JsonSchema => ({
  ...present({ description: field.doc, default: field.default }),
  ...openApiOf(field.schema),
});

function shapeOf(schema: Schema): Record<string, unknown> {
  switch (schema.type) {
    case 'string': {
      const { type, minLength, maxLength, pattern, format } = schema;
      return { type, enum: schema.enum, minLength, maxLength, pattern, format };
    }
    case 'integer': {
      const { type, format, minimum, maximum } = schema;
      return { type, format, minimum, maximum };
    }
    case 'boolean':
      return { type: 'boolean' };
    case 'list': {
      const { minItems, maxItems } = schema;
      const items = openApiOf(schema.items);
      return { type: 'array', minItems, maxItems, ...listKeys(schema), items };
    }
    case 'map': {
      const { maxProperties } = schema;
      return { type: 'object', maxProperties, additionalProperties: openApiOf(schema.values) };
    }
    case 'struct': {
      const required = requiredNames(schema);
      const properties = Object.fromEntries(
        Object.entries(schema.fields).map(([name, field]) => [name, fieldSchema(field)]),
      );
      return { type: 'object', required: required.length > 0 ? required : undefined, properties };
    }
    case 'embedded':
      return EMBEDDED[schema.name];
  }
}

/** The structural schema of a value, as a CRD holds it. */
export function openApiOf(schema: Schema): JsonSchema {
  const rules = (schema.rules ?? []).map(({ cel, message }) => ({ rule: cel, message }));
  return {
    ...present(shapeOf(schema)),
    ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}),
  };
}
