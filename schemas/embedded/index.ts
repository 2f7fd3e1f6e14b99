import type { EmbeddedSchema } from '../kinds/dsl.ts';
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
