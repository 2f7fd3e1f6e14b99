/**
 * Takes the schemas of the Kubernetes types that our API embeds from the OpenAPI document of a
 * running API server and writes them to schemas/embedded/<name>.json. Run by hand after raising the
 * Kubernetes version: `KUBECONFIG=... node hack/generate/embedded.ts`.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

interface OpenApi {
  $ref?: string;
  allOf?: OpenApi[];
  properties?: Record<string, OpenApi>;
  items?: OpenApi;
  additionalProperties?: OpenApi;
  required?: string[];
  default?: unknown;
  [key: string]: unknown;
}

const CORE = 'io.k8s.api.core.v1.';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const TYPES = [
  `${CORE}Affinity`,
  `${CORE}LocalObjectReference`,
  `${CORE}ResourceRequirements`,
  `${CORE}Toleration`,
  `${META}Condition`,
];

/** OpenAPI calls a quantity "string or number"; in a CRD only this form stands for it. */
const QUANTITY: OpenApi = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  'x-kubernetes-int-or-string': true,
};

/** Limits that Kubernetes documents for conditions but does not put into its OpenAPI. */
const CONDITION_LIMITS: Record<string, OpenApi> = {
  type: {
    maxLength: 316,
    pattern:
      '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
  },
  status: { enum: ['True', 'False', 'Unknown'] },
  observedGeneration: { minimum: 0 },
  reason: { minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' },
  message: { maxLength: 32768 },
};

/** Kept as they are. `enum` is left out: API types without it accept values of later versions. */
const KEPT = [
  'type',
  'format',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
];

/** Replaces references by what they stand for and drops descriptions and empty defaults. */
function slim(schema: OpenApi, all: Record<string, OpenApi>): OpenApi {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (ref !== undefined) {
    const name = ref.slice('#/components/schemas/'.length);
    if (name.endsWith('.Quantity')) return QUANTITY;
    const target = all[name];
    if (target === undefined) throw new Error(`the API server's OpenAPI has no ${name}`);
    return slim(target, all);
  }
  const result: OpenApi = {};
  for (const key of KEPT) if (key in schema) result[key] = schema[key];
  if (schema.items) result.items = slim(schema.items, all);
  if (schema.additionalProperties)
    result.additionalProperties = slim(schema.additionalProperties, all);
  if (schema.properties) {
    const entries = Object.entries(schema.properties).map(([name, property]) => {
      const value = slim(property, all);
      const keep = typeof property.default === 'string' && !schema.required?.includes(name);
      return [name, keep ? { ...value, default: property.default } : value] as const;
    });
    result.properties = Object.fromEntries(entries);
  }
  return result;
}

function openApi(path: string): Record<string, OpenApi> {
  const kubectl = process.env['KUBECTL'] ?? 'kubectl';
  const text = execFileSync(kubectl, ['get', '--raw', path], { maxBuffer: 64 * 1024 * 1024 });
  return (JSON.parse(text.toString()) as { components: { schemas: Record<string, OpenApi> } })
    .components.schemas;
}

const all = openApi('/openapi/v3/api/v1');
for (const type of TYPES) {
  const name = type.slice(type.lastIndexOf('.') + 1);
  const schema = slim({ $ref: `#/components/schemas/${type}` }, all);
  if (name === 'Condition')
    for (const [field, limits] of Object.entries(CONDITION_LIMITS))
      Object.assign(schema.properties?.[field] ?? {}, limits);
  const path = new URL(`../../schemas/embedded/${name}.json`, import.meta.url);
  writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
}
