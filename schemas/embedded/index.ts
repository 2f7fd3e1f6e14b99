import {
  type EmbeddedSchema,
  inline,
  list,
  map,
  optional,
  type Schema,
  string,
} from '../kinds/dsl.ts';
import Affinity from './Affinity.json' with { type: 'json' };
import Condition from './Condition.json' with { type: 'json' };
import LocalObjectReference from './LocalObjectReference.json' with { type: 'json' };
import ResourceRequirements from './ResourceRequirements.json' with { type: 'json' };
import Toleration from './Toleration.json' with { type: 'json' };

/** A schema as it stands in a CRD, as far as we read it. */
export interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema;
  [key: string]: unknown;
}

/** Schemas of Kubernetes' own types, written by hack/generate/embedded.ts. */
export const EMBEDDED: Record<EmbeddedSchema['name'], JsonSchema> = {
  Affinity,
  Condition,
  LocalObjectReference,
  ResourceRequirements,
  Toleration,
};

type Opened = Exclude<Schema, EmbeddedSchema>;

/** The same in the language of the kinds, as far as it tells which parts there are. */
function partsOf({ items, properties, additionalProperties }: JsonSchema): Opened {
  if (items) return list(partsOf(items));
  if (additionalProperties) return map(partsOf(additionalProperties));
  if (!properties) return string();
  const fields = Object.entries(properties).map(([name, property]) => {
    return [name, { ...optional(partsOf(property), ''), default: property['default'] }] as const;
  });
  return inline(Object.fromEntries(fields));
}

const known = new Map<string, Opened>();

/** A schema, of an embedded type its parts. */
export function opened(schema: Schema): Opened {
  if (schema.type !== 'embedded') return schema;
  const parts = known.get(schema.name) ?? partsOf(EMBEDDED[schema.name]);
  known.set(schema.name, parts);
  return parts;
}
