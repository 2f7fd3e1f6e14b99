import type { Problem } from '../schemas/problem.ts';
import { isRecord, joinPath, shown } from '../schemas/walk.ts';
import { checkTypes, unknownField } from './metadata-types.ts';

/** What the API server demands of the metadata of every object. Facts of Kubernetes, not ours. */

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const KEY_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const MAX_NAME = 253;
const MAX_LABEL = 63;
const MAX_ANNOTATIONS = 256 * 1024;

const problem = (path: string, value: unknown, message: string, fix: string): Problem => ({
  path,
  ...shown(value),
  message,
  fix,
});

const WRONG_TYPE = 'has the wrong type';

function nameErrors(metadata: Record<string, unknown>): Problem[] {
  const { name, generateName } = metadata;
  const path = 'metadata.name';
  if (name === undefined || name === '' || name === null) {
    return typeof generateName === 'string' && generateName !== ''
      ? []
      : [problem(path, undefined, 'is missing', 'add it')];
  }
  if (typeof name !== 'string') return [problem(path, name, WRONG_TYPE, 'write it in quotes')];
  if (name.length > MAX_NAME)
    return [problem(path, name, 'is too long', `use at most ${MAX_NAME} characters`)];
  return NAME.test(name)
    ? []
    : [
        problem(
          path,
          name,
          'is no name of an object',
          "use lower-case letters, digits, '-' and '.', with a letter or digit at both ends",
        ),
      ];
}

function namespaceErrors({ namespace }: Record<string, unknown>): Problem[] {
  if (namespace === undefined || namespace === null || namespace === '') return [];
  const right = typeof namespace === 'string' && namespace.length <= 63;
  return right && NAMESPACE.test(namespace)
    ? []
    : [
        problem(
          'metadata.namespace',
          namespace,
          'is no name of a namespace',
          "use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends",
        ),
      ];
}

function isQualified(key: string): boolean {
  const [first = '', second, ...more] = key.split('/');
  if (more.length > 0) return false;
  const name = second ?? first;
  const prefixed = second === undefined || (NAME.test(first) && first.length <= MAX_NAME);
  return prefixed && name.length <= MAX_LABEL && KEY_NAME.test(name);
}

function entryErrors(field: 'labels' | 'annotations', value: unknown): Problem[] {
  const root = `metadata.${field}`;
  if (value === undefined || value === null) return [];
  if (!isRecord(value)) return [problem(root, value, WRONG_TYPE, 'write it as object')];
  return Object.entries(value).flatMap(([key, text]) => {
    const path = joinPath(root, key);
    if (!isQualified(field === 'annotations' ? key.toLowerCase() : key))
      return [
        problem(
          path,
          text,
          'has no right key',
          "use at most 63 letters, digits, '-', '_' and '.', with a DNS name and '/' before them if you like",
        ),
      ];
    if (text !== null && typeof text !== 'string')
      return [problem(path, text, WRONG_TYPE, 'write it in quotes')];
    if (field === 'annotations' || text === null) return [];
    return text.length <= MAX_LABEL && LABEL_VALUE.test(text)
      ? []
      : [
          problem(
            path,
            text,
            'is no value of a label',
            "use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
          ),
        ];
  });
}

function sizeErrors({ annotations }: Record<string, unknown>): Problem[] {
  if (!isRecord(annotations)) return [];
  const bytes = Object.entries(annotations)
    .map(([key, text]) => Buffer.byteLength(key) + Buffer.byteLength(String(text)))
    .reduce((sum, size) => sum + size, 0);
  return bytes <= MAX_ANNOTATIONS
    ? []
    : [problem('metadata.annotations', undefined, 'is too large', 'use at most 256 KiB in all')];
}

/** Beyond their types: finalizers and owners that the API server takes for some. */
function referenceErrors({ finalizers, ownerReferences }: Record<string, unknown>): Problem[] {
  const names = Array.isArray(finalizers) ? (finalizers as unknown[]) : [];
  const owners = Array.isArray(ownerReferences) ? ownerReferences.filter(isRecord) : [];
  return [
    ...names.flatMap((name, i) =>
      // null is an empty name there
      (typeof name === 'string' || name === null) && !isQualified(name ?? '')
        ? [
            problem(
              `metadata.finalizers[${i}]`,
              name,
              'is no name of a finalizer',
              "use at most 63 letters, digits, '-', '_' and '.', with a DNS name and '/' before them",
            ),
          ]
        : [],
    ),
    ...owners.flatMap(({ apiVersion }, i) =>
      typeof apiVersion === 'string' && apiVersion !== '' && !/^([^/]*\/)?[^/]+$/.test(apiVersion)
        ? [
            problem(
              `metadata.ownerReferences[${i}].apiVersion`,
              apiVersion,
              'names no version',
              'write it as group/version',
            ),
          ]
        : [],
    ),
    ...(owners.filter(({ controller }) => controller === true).length > 1
      ? [
          problem(
            'metadata.ownerReferences',
            undefined,
            'have more than one controller',
            'write controller: true for one of them',
          ),
        ]
      : []),
  ];
}

/** What the API server would refuse in `metadata`. */
export function metadataErrors(metadata: unknown): Problem[] {
  if (!isRecord(metadata)) return [problem('metadata', metadata, 'is missing', 'add it')];
  return [
    ...nameErrors(metadata),
    ...namespaceErrors(metadata),
    ...entryErrors('labels', metadata['labels']),
    ...entryErrors('annotations', metadata['annotations']),
    ...sizeErrors(metadata),
    ...checkTypes(metadata).types,
    ...referenceErrors(metadata),
  ];
}

/** Fields outside of `spec` that no object has; see unknownFields for those in it. */
export function unknownOutside(object: Record<string, unknown>, hasStatus: boolean): Problem[] {
  const known = ['apiVersion', 'kind', 'metadata', 'spec', ...(hasStatus ? ['status'] : [])];
  const { metadata } = object;
  return [
    ...Object.entries(object)
      .filter(([name]) => !known.includes(name))
      .map(([name, value]) => unknownField(joinPath('', name), name, value, known)),
    ...(isRecord(metadata) ? checkTypes(metadata).unknown : []),
  ];
}
