import { own } from '../schemas/own.ts';
import type { Problem } from '../schemas/problem.ts';
import { unknownField } from '../schemas/unknown-fields.ts';
import { isRecord, joinPath, shown } from '../schemas/walk.ts';

/** The types of ObjectMeta, as the API server decodes them. null counts as absent. */
type Type = Scalar | 'any' | { list: Type } | Struct;
type Scalar = 'text' | 'integer' | 'boolean' | 'time';

interface Struct {
  fields: Readonly<Record<string, Type>>;
  /** Those that must say something. */
  required?: readonly string[];
}

const OWNER: Struct = {
  fields: {
    apiVersion: 'text',
    kind: 'text',
    name: 'text',
    uid: 'text',
    controller: 'boolean',
    blockOwnerDeletion: 'boolean',
  },
  required: ['apiVersion', 'kind', 'name', 'uid'],
};

const MANAGED: Struct = {
  fields: {
    manager: 'text',
    operation: 'text',
    apiVersion: 'text',
    time: 'time',
    fieldsType: 'text',
    fieldsV1: 'any',
    subresource: 'text',
  },
};

/** `any`: told of by its own check. */
const METADATA: Struct = {
  fields: {
    name: 'any',
    generateName: 'text',
    namespace: 'any',
    labels: 'any',
    annotations: 'any',
    finalizers: { list: 'text' },
    ownerReferences: { list: OWNER },
    uid: 'text',
    resourceVersion: 'text',
    generation: 'integer',
    creationTimestamp: 'time',
    deletionTimestamp: 'time',
    deletionGracePeriodSeconds: 'integer',
    managedFields: { list: MANAGED },
    selfLink: 'text',
  },
};

interface MetadataProblems {
  /** Values of a wrong type, and what is missing. */
  types: Problem[];
  /** Fields that there are not. */
  unknown: Problem[];
}

export function checkTypes(metadata: Readonly<Record<string, unknown>>): MetadataProblems {
  const found: MetadataProblems = { types: [], unknown: [] };
  checkStruct(METADATA, metadata, { path: 'metadata', found });
  return found;
}

interface Place {
  path: string;
  found: MetadataProblems;
}

function check(type: Type, value: unknown, place: Place): void {
  const { path, found } = place;
  if (type === 'any' || value === undefined || value === null) return;
  if (typeof type === 'object') {
    if ('list' in type) checkList(type.list, value, place);
    else checkStruct(type, value, place);
    return;
  }
  const [isRight, fix] = SCALARS[type];
  if (!isRight(value)) found.types.push(wrong(path, value, fix));
}

const SCALARS: Record<Scalar, [isRight: (value: unknown) => boolean, fix: string]> = {
  text: [(value) => typeof value === 'string', 'write it in quotes'],
  integer: [(value) => Number.isInteger(value), 'write it as integer'],
  boolean: [(value) => typeof value === 'boolean', 'write true or false'],
  time: [isTime, 'leave it out, or write it as 2026-01-31T12:00:00Z'],
};

function isTime(value: unknown): boolean {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  return typeof value === 'string' && form.test(value) && !Number.isNaN(Date.parse(value));
}

/** Of what is nothing, the API server makes an empty element. */
function checkList(type: Type, value: unknown, { path, found }: Place): void {
  if (!Array.isArray(value)) {
    found.types.push(wrong(path, value, 'write it as list'));
    return;
  }
  const nothing = type === 'text' ? '' : {};
  value.forEach((item: unknown, i) =>
    check(type, item ?? nothing, { path: `${path}[${i}]`, found }),
  );
}

function checkStruct({ fields, required = [] }: Struct, value: unknown, place: Place): void {
  const { path, found } = place;
  if (!isRecord(value)) {
    found.types.push(wrong(path, value, 'write it as object'));
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    const type = own(fields, name);
    if (type) check(type, inner, { path: joinPath(path, name), found });
    else found.unknown.push(unknownField(path, name, inner, Object.keys(fields)));
  }
  for (const name of required)
    if ((value[name] ?? '') === '')
      found.types.push({ path: joinPath(path, name), message: 'is missing', fix: 'add it' });
}

const wrong = (path: string, value: unknown, fix: string): Problem => ({
  path,
  ...shown(value),
  message: 'has the wrong type',
  fix,
});
