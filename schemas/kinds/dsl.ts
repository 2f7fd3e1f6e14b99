/**
 * The language in which the API is written down. One value of `Kind` per kind of object; CRDs,
 * TypeScript types, validators and the field reference are all made from these values.
 */

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * A rule that looks at more than one value, in the CEL that the API server evaluates.
 * A `transition` rule also sees the stored value and runs only when both are there.
 */
export interface Rule {
  cel: string;
  message: string;
  transition: boolean;
}

interface Ruled {
  rules?: readonly Rule[];
}

export interface StringSchema extends Ruled {
  type: 'string';
  /** Name of the type in the docs; an enumeration with a name becomes a TypeScript alias. */
  name?: string;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  /** The pattern in words, for messages and docs. */
  patternText?: string;
  enum?: readonly string[];
  format?: 'date-time';
}

interface IntegerSchema extends Ruled {
  type: 'integer';
  format: 'int32' | 'int64';
  minimum?: number;
  maximum?: number;
}

interface BooleanSchema extends Ruled {
  type: 'boolean';
}

export interface ListSchema extends Ruled {
  type: 'list';
  items: Schema;
  minItems?: number;
  maxItems?: number;
  /** `set`: no element twice. `map`: no two elements with the same value of `key`. */
  listType?: 'set' | 'map';
  key?: string;
}

export interface MapSchema extends Ruled {
  type: 'map';
  values: Schema;
  maxProperties?: number;
}

export interface StructSchema extends Ruled {
  type: 'struct';
  /** Named structs become TypeScript interfaces and sections of the reference. */
  name?: string;
  doc: string;
  /** Structs whose fields are part of this one. */
  bases: readonly StructSchema[];
  fields: Readonly<Record<string, Field>>;
}

/** A type of Kubernetes itself; its schema lies in schemas/embedded/<name>.json. */
export interface EmbeddedSchema extends Ruled {
  type: 'embedded';
  name: 'Affinity' | 'Condition' | 'LocalObjectReference' | 'ResourceRequirements' | 'Toleration';
}

export type Schema =
  | StringSchema
  | IntegerSchema
  | BooleanSchema
  | ListSchema
  | MapSchema
  | StructSchema
  | EmbeddedSchema;

export interface Field {
  schema: Schema;
  required: boolean;
  doc: string;
  /** Filled in by the API server when the key is absent. */
  default?: Json;
}

interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  /** 0 is shown always, 1 with `-o wide`. */
  priority?: 1;
}

export interface Kind {
  kind: string;
  plural: string;
  shortName: string;
  doc: string;
  /** Who writes objects of this kind. */
  writtenBy: 'user' | 'operator';
  spec: StructSchema;
  status?: StructSchema;
  columns: readonly Column[];
  scale?: { specReplicasPath: string; statusReplicasPath: string };
  /** Rules over the whole object. All of them are about its name. */
  rules?: readonly Rule[];
}

export const string = (limits: Omit<StringSchema, 'type'> = {}): StringSchema => ({
  type: 'string',
  ...limits,
});

export const enumeration = (values: readonly string[], name?: string): StringSchema =>
  name === undefined ? string({ enum: values }) : string({ enum: values, name });

const integer =
  (format: IntegerSchema['format']) =>
  (limits: Omit<IntegerSchema, 'type' | 'format'> = {}): IntegerSchema => ({
    type: 'integer',
    format,
    ...limits,
  });

export const int32 = integer('int32');
export const int64 = integer('int64');

export const boolean: BooleanSchema = { type: 'boolean' };

export const list = (
  items: Schema,
  limits: Omit<ListSchema, 'type' | 'items'> = {},
): ListSchema => ({ type: 'list', items, ...limits });

export const map = (
  values: Schema,
  limits: Omit<MapSchema, 'type' | 'values'> = {},
): MapSchema => ({
  type: 'map',
  values,
  ...limits,
});

export const embedded = (name: EmbeddedSchema['name']): EmbeddedSchema => ({
  type: 'embedded',
  name,
});

/** A struct used in one place only. `bases`: structs whose fields are part of it. */
export const inline = (
  fields: Record<string, Field>,
  bases: readonly StructSchema[] = [],
): StructSchema => ({ type: 'struct', doc: '', fields, bases });

/** A struct that is worth a name of its own. */
export const struct = (
  name: string,
  doc: string,
  fields: Record<string, Field>,
  bases?: readonly StructSchema[],
): StructSchema => ({ ...inline(fields, bases), name, doc });

export const required = (schema: Schema, doc: string): Field => ({ schema, required: true, doc });

export const optional = (schema: Schema, doc: string): Field => ({ schema, required: false, doc });

export const defaulted = (schema: Schema, value: Json, doc: string): Field => ({
  schema,
  required: false,
  doc,
  default: value,
});

/** The CEL that has to hold, by what is said where it does not: what is wrong and, after a colon, what to do. */
export type Rules = Readonly<Record<string, string>>;

const withRules =
  (transition: boolean) =>
  <T extends Ruled>(value: T, rules: Rules): T => ({
    ...value,
    rules: [
      ...(value.rules ?? []),
      ...Object.entries(rules).map(([message, cel]) => ({ cel, message, transition })),
    ],
  });

/** A value with rules over it. */
export const ruled = withRules(false);

/** A value with rules over what is stored and what shall be. */
export const ruledInChange = withRules(true);

/** All fields of a struct: those of its bases first. */
export const fieldsOf = (schema: StructSchema): Record<string, Field> =>
  Object.assign({}, ...schema.bases.map(fieldsOf), schema.fields) as Record<string, Field>;

/** All rules of a struct, with those of its bases. */
export const rulesOf = (schema: Schema): readonly Rule[] => [
  ...(schema.type === 'struct' ? schema.bases.flatMap(rulesOf) : []),
  ...(schema.rules ?? []),
];
