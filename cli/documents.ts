import { API_GROUP, API_KINDS, API_VERSION } from '../schemas/kinds/index.ts';
import type { KubeObject } from '../schemas/k8s.ts';
import { nearest } from '../schemas/spelling.ts';
import { isRecord } from '../schemas/walk.ts';
import type { ManifestFinding } from './judge.ts';
import { type ReadError, readYaml, type SourceValue } from './yaml.ts';

/** A text to read, with the name that messages call it by. */
export interface Input {
  name: string;
  text: string;
}

/** One object of an input. */
export interface Manifest {
  file: string;
  object: KubeObject;
  source: SourceValue;
  /** Of our group and of a kind that it has. */
  ours: boolean;
  /** What makes it no object that the API server serves. */
  stray?: ManifestFinding;
}

/** What could not be read. */
export interface Failure extends ReadError {
  file: string;
}

interface ReadInputs {
  manifests: Manifest[];
  failures: Failure[];
}

/** All objects of all inputs, those in lists too. */
export function readInputs(inputs: readonly Input[]): ReadInputs {
  const manifests: Manifest[] = [];
  const failures: Failure[] = [];
  for (const { name: file, text } of inputs) {
    const read = readYaml(text);
    if (!read.ok) failures.push(...read.errors.map((error) => ({ file, ...error })));
    for (const source of read.documents.flatMap(itemsOf)) {
      const message = whyNoObject(source.value);
      if (message === undefined) manifests.push(manifestOf(file, source));
      else
        failures.push({ file, ...source.positionOf([]), message: forKustomize(file) ?? message });
    }
  }
  return { manifests, failures };
}

/** The elements of a List, else the thing itself. Those of a CellList need not say that they are Cells. */
function itemsOf(source: SourceValue): SourceValue[] {
  const { value } = source;
  if (!isRecord(value) || !Array.isArray(value['items'])) return [source];
  const { apiVersion, kind } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List')) return [source];
  const implied = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return value['items'].flatMap((_, i) => {
    const item = source.part(['items', i]);
    if (!item) return [];
    const { value: own } = item;
    const isBare = isRecord(own) && (own['kind'] ?? '') === '';
    return itemsOf(isBare ? { ...item, value: { ...own, ...implied } } : item);
  });
}

function whyNoObject(value: unknown): string | undefined {
  if (!isRecord(value))
    return 'this is no Kubernetes object: a mapping with apiVersion and kind is';
  for (const key of ['apiVersion', 'kind']) {
    const word = value[key];
    if (typeof word !== 'string' || word === '')
      return `this is no Kubernetes object: ${key} is missing`;
  }
  return undefined;
}

export const KUSTOMIZATION = /^(.*\/)?(kustomization\.ya?ml|Kustomization)$/;

/** Such a file need not say what it is. */
function forKustomize(file: string): string | undefined {
  const found = KUSTOMIZATION.exec(file);
  return found
    ? `it says what kustomize shall build: run kubectl kustomize ${found[1] ?? '.'} | kubectl multigres lint -`
    : undefined;
}

function manifestOf(file: string, source: SourceValue): Manifest {
  const object = source.value as KubeObject;
  const stray = strayOf(object);
  const ours = !stray && object.apiVersion === OURS;
  return { file, object, source, ours, ...(stray ? { stray } : {}) };
}

export const OURS = `${API_GROUP}/${API_VERSION}`;
const KIND_NAMES = API_KINDS.map(({ kind }) => kind);

/** An object that was meant to be one of ours, by the looks of it. */
function strayOf({ apiVersion, kind }: KubeObject): ManifestFinding | undefined {
  if (apiVersion === OURS) {
    if (KIND_NAMES.includes(kind)) return undefined;
    const meant = nearest(kind, KIND_NAMES);
    const fix = meant ? `write ${meant}` : `use one of ${KIND_NAMES.join(', ')}`;
    return strayFinding('kind', kind, 'there is no such kind', fix);
  }
  const [group = '', ...rest] = apiVersion.split('/');
  if (group === API_GROUP) {
    const version = rest.join('/');
    const message =
      version === '' ? 'no version is named' : `there is no version ${version} of the API`;
    return strayFinding('apiVersion', apiVersion, message);
  }
  const isMisspelt =
    nearest(group, [API_GROUP]) !== undefined || group === '' || rest.join('') === '';
  return isMisspelt && KIND_NAMES.includes(kind)
    ? strayFinding('apiVersion', apiVersion, `no such group has the kind ${kind}`)
    : undefined;
}

const strayFinding = (
  field: string,
  value: string,
  message: string,
  fix = `write ${OURS}`,
): ManifestFinding => ({
  severity: 'error',
  check: 'kind',
  path: `/${field}`,
  value,
  message,
  fix,
});

/** `namespace/name` of an object, as far as it says. */
export function nameOf({ metadata }: KubeObject): string {
  const { name, generateName } = (isRecord(metadata) ? metadata : {}) as Record<string, unknown>;
  if (typeof name === 'string' && name !== '') return name;
  return typeof generateName === 'string' ? `${generateName}*` : '(no name)';
}

/** The namespace that an object is meant for. */
export function namespaceOf({ metadata }: KubeObject, fallback: string): string {
  const namespace: unknown = isRecord(metadata) ? metadata['namespace'] : undefined;
  return typeof namespace === 'string' && namespace !== '' ? namespace : fallback;
}
