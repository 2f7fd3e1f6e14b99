import type { Problem } from '../schemas/problem.ts';
import { unknownField } from '../schemas/unknown-fields.ts';
import { isRecord, joinPath, shown } from '../schemas/walk.ts';
import { checkTypes } from './metadata-types.ts';

/** What the API server demands of the metadata of every object. Facts of Kubernetes, not ours. */

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const KEY_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const MAX_NAME = 253;
const MAX_LABEL = 63;
const MAX_ANNOTATIONS = 256 * 1024;

/** What is wrong, and what to do. */
const TEXTS = {
  missing: ['is missing', 'add it'],
  noText: ['has the wrong type', 'write it in quotes'],
  noObject: ['has the wrong type', 'write it as object'],
  long: ['is too long', `use at most ${MAX_NAME} characters`],
  name: [
    'is no name of an object',
    "use lower-case letters, digits, '-' and '.', with a letter or digit at both ends",
  ],
  namespace: [
    'is no name of a namespace',
    "use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends",
  ],
  key: [
    'has no right key',
    "use at most 63 letters, digits, '-', '_' and '.', with a DNS name and '/' before them if you like",
  ],
  label: [
    'is no value of a label',
    "use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
  ],
  large: ['is too large', 'use at most 256 KiB in all'],
  finalizer: [
    'is no name of a finalizer',
    "use at most 63 letters, digits, '-', '_' and '.', with a DNS name and '/' before them",
  ],
  version: ['names no version', 'write it as group/version'],
  controllers: ['have more than one controller', 'write controller: true for one of them'],
} as const;

const problem = (text: keyof typeof TEXTS, path: string, value?: unknown): Problem => {
  const [message, fix] = TEXTS[text];
  return { path, ...shown(value), message, fix };
};

const unless = (right: boolean, ...wrong: Parameters<typeof problem>): Problem[] =>
  right ? [] : [problem(...wrong)];

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === '';

function nameErrors({ name, generateName }: Record<string, unknown>): Problem[] {
  const path = 'metadata.name';
  if (isBlank(name))
    return unless(typeof generateName === 'string' && generateName !== '', 'missing', path);
  if (typeof name !== 'string') return [problem('noText', path, name)];
  if (name.length > MAX_NAME) return [problem('long', path, name)];
  return unless(NAME.test(name), 'name', path, name);
}

function namespaceErrors({ namespace }: Record<string, unknown>): Problem[] {
  const right =
    typeof namespace === 'string' && namespace.length <= MAX_LABEL && NAMESPACE.test(namespace);
  return unless(isBlank(namespace) || right, 'namespace', 'metadata.namespace', namespace);
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
  if (!isRecord(value)) return [problem('noObject', root, value)];
  return Object.entries(value).flatMap(([key, text]) => {
    const path = joinPath(root, key);
    if (!isQualified(field === 'annotations' ? key.toLowerCase() : key))
      return [problem('key', path, text)];
    if (text === null) return [];
    if (typeof text !== 'string') return [problem('noText', path, text)];
    const right = text.length <= MAX_LABEL && LABEL_VALUE.test(text);
    return unless(field === 'annotations' || right, 'label', path, text);
  });
}

function sizeErrors({ annotations }: Record<string, unknown>): Problem[] {
  if (!isRecord(annotations)) return [];
  const bytes = Object.entries(annotations)
    .map(([key, text]) => Buffer.byteLength(key) + Buffer.byteLength(String(text)))
    .reduce((sum, size) => sum + size, 0);
  return unless(bytes <= MAX_ANNOTATIONS, 'large', 'metadata.annotations');
}

/** Beyond their types: finalizers and owners that the API server takes for some. */
function referenceErrors({ finalizers, ownerReferences }: Record<string, unknown>): Problem[] {
  const names = Array.isArray(finalizers) ? (finalizers as unknown[]) : [];
  const owners = Array.isArray(ownerReferences) ? ownerReferences.filter(isRecord) : [];
  const controllers = owners.filter(({ controller }) => controller === true);
  return [
    ...names.flatMap((name, i) => {
      // null is an empty name there
      const right = (typeof name !== 'string' && name !== null) || isQualified(name ?? '');
      return unless(right, 'finalizer', `metadata.finalizers[${i}]`, name);
    }),
    ...owners.flatMap(({ apiVersion }, i) => {
      const said = typeof apiVersion === 'string' && apiVersion !== '';
      const right = !said || /^([^/]*\/)?[^/]+$/.test(apiVersion);
      return unless(right, 'version', `metadata.ownerReferences[${i}].apiVersion`, apiVersion);
    }),
    ...unless(controllers.length <= 1, 'controllers', 'metadata.ownerReferences'),
  ];
}

/** What the API server would refuse in `metadata`. */
export function metadataErrors(metadata: unknown): Problem[] {
  if (!isRecord(metadata)) return [problem('missing', 'metadata', metadata)];
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
      .map(([name, value]) => unknownField('', name, value, known)),
    ...(isRecord(metadata) ? checkTypes(metadata).unknown : []),
  ];
}
