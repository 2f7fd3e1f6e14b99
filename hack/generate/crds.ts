import { stringify } from 'yaml';
import type { Kind } from '../../schemas/kinds/dsl.ts';
import { API_GROUP, API_KINDS, API_VERSION } from '../../schemas/kinds/index.ts';
import { openApiOf } from './openapi.ts';
import type { Output } from './output.ts';

/** Larger ones could not be applied by clients that store the object in an annotation. */
export const MAX_CRD_BYTES = 262_144;

const nameRules = (kind: Kind): object =>
  kind.rules === undefined
    ? {}
    : {
        'x-kubernetes-validations': kind.rules.map(({ cel, message }) => ({
          rule: cel,
          message,
          fieldPath: '.metadata.name',
        })),
      };

const validationOf = (kind: Kind): object => ({
  type: 'object',
  description: kind.doc,
  ...nameRules(kind),
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    // the name is spelled out so that errors can point at it
    metadata: {
      type: 'object',
      ...(kind.rules ? { properties: { name: { type: 'string' } } } : {}),
    },
    spec: { description: kind.spec.doc, ...openApiOf(kind.spec) },
    ...(kind.status ? { status: { description: kind.status.doc, ...openApiOf(kind.status) } } : {}),
  },
});

export const crdOf = (kind: Kind): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.plural}.${API_GROUP}` },
  spec: {
    group: API_GROUP,
    scope: 'Namespaced',
    names: {
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      plural: kind.plural,
      singular: kind.kind.toLowerCase(),
      shortNames: [kind.shortName],
    },
    versions: [
      {
        name: API_VERSION,
        served: true,
        storage: true,
        ...(kind.columns.length > 0 ? { additionalPrinterColumns: kind.columns } : {}),
        ...(kind.status
          ? { subresources: { status: {}, ...(kind.scale ? { scale: kind.scale } : {}) } }
          : {}),
        schema: { openAPIV3Schema: validationOf(kind) },
      },
    ],
  },
});

function crdFile(kind: Kind): Output {
  const crd = crdOf(kind);
  const bytes = Buffer.byteLength(JSON.stringify(crd));
  if (bytes >= MAX_CRD_BYTES)
    throw new Error(
      `the CRD of ${kind.kind} has ${bytes} bytes, at most ${MAX_CRD_BYTES - 1} are possible: shorten descriptions`,
    );
  const yaml = stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false });
  return {
    path: `chart/files/crds/${API_GROUP}_${kind.plural}.yaml`,
    content: `# Made by hack/generate.ts from schemas/kinds. Do not edit.\n${yaml}`,
  };
}

export const crds = (): Output[] => API_KINDS.map(crdFile);
