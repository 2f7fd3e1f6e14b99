import type * as k8s from '../k8s.ts';

/**
 * The language in which the API is written down. One value of `Kind` per kind of object; CRDs,
 * TypeScript types, validators and the field reference are all made from these values.
 */

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

export interface StringSchema<Word extends string = string> extends Ruled {
  type: 'string';
  /** Name of the type in the docs. */
  name?: string;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  /** The pattern in words, for messages and docs. */
  patternText?: string;
  enum?: readonly Word[];
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

export interface ListSchema<Item extends Schema = Schema> extends Ruled {
  type: 'list';
  items: Item;
  minItems?: number;
  maxItems?: number;
  /** `set`: no element twice. `map`: no two elements with the same value of `key`. */
  listType?: 'set' | 'map';
  key?: string;
}

interface MapSchema<Value extends Schema = Schema> extends Ruled {
  type: 'map';
  values: Value;
  maxProperties?: number;
}

type Fields = Readonly<Record<string, Field>>;

export interface StructSchema<Own extends Fields = Fields> extends Ruled {
  type: 'struct';
  /** Named structs become sections of the reference. */
  name?: string;
  doc: string;
  fields: Own;
}

/** Kubernetes' own types that ours contain. */
interface Embedded {
  Affinity: k8s.Affinity;
  Condition: k8s.Condition;
  LocalObjectReference: k8s.LocalObjectReference;
  ResourceRequirements: k8s.ResourceRequirements;
  Toleration: k8s.Toleration;
}

/** A type of Kubernetes itself; its schema lies in schemas/embedded/<name>.json. */
export interface EmbeddedSchema<Name extends keyof Embedded = keyof Embedded> extends Ruled {
  type: 'embedded';
  name: Name;
}

export type Schema =
  | StringSchema
  | IntegerSchema
  | BooleanSchema
  | ListSchema
  | MapSchema
  | StructSchema
  | EmbeddedSchema;

export interface Field<Of extends Schema = Schema, Required extends boolean = boolean> {
  schema: Of;
  required: Required;
  doc: string;
  /** Filled in by the API server when the key is absent. */
  default?: unknown;
}

/** The TypeScript type of the values that a schema is about; of a schema that may be any, unknown. */
export type TypeOf<S extends Schema> = Schema extends S ? unknown : KnownTypeOf<S>;

type KnownTypeOf<S extends Schema> =
  S extends StructSchema<infer Own>
    ? ObjectOf<Own>
    : S extends ListSchema<infer Item>
      ? TypeOf<Item>[]
      : S extends MapSchema<infer Value>
        ? Record<string, TypeOf<Value>>
        : S extends EmbeddedSchema<infer Name>
          ? Embedded[Name]
          : S extends StringSchema<infer Word>
            ? Word
            : S extends IntegerSchema
              ? number
              : boolean;

type ObjectOf<F extends Fields> = {
  [K in keyof F as F[K]['required'] extends true ? K : never]: TypeOf<F[K]['schema']>;
} & {
  [K in keyof F as F[K]['required'] extends true ? never : K]?: TypeOf<F[K]['schema']>;
};

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

export const string = (limits: Omit<StringSchema, 'type' | 'enum'> = {}): StringSchema => ({
  type: 'string',
  ...limits,
});

export const enumeration = <const Word extends string>(
  values: readonly Word[],
  name?: string,
): StringSchema<Word> => ({
  type: 'string',
  enum: values,
  ...(name !== undefined && { name }),
});

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

export const list = <Item extends Schema>(
  items: Item,
  limits: Omit<ListSchema, 'type' | 'items'> = {},
): ListSchema<Item> => ({ type: 'list', items, ...limits });

export const map = <Value extends Schema>(
  values: Value,
  limits: Omit<MapSchema, 'type' | 'values'> = {},
): MapSchema<Value> => ({ type: 'map', values, ...limits });

export const embedded = <Name extends keyof Embedded>(name: Name): EmbeddedSchema<Name> => ({
  type: 'embedded',
  name,
});

/** A struct used in one place only. */
export const inline = <Own extends Fields>(fields: Own): StructSchema<Own> => ({
  type: 'struct',
  doc: '',
  fields,
});

/** A struct that is worth a name of its own. */
export const struct = <Own extends Fields>(
  name: string,
  doc: string,
  fields: Own,
): StructSchema<Own> => ({ type: 'struct', name, doc, fields });

export const required = <S extends Schema>(schema: S, doc: string): Field<S, true> => ({
  schema,
  required: true,
  doc,
});

export const optional = <S extends Schema>(schema: S, doc: string): Field<S, false> => ({
  schema,
  required: false,
  doc,
});

export const defaulted = <S extends Schema>(
  schema: S,
  value: TypeOf<S>,
  doc: string,
): Field<S, false> => ({ ...optional(schema, doc), default: value });

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
