import * as generated from './generated/validators.mjs';
import { API_KINDS, kindOf } from './kinds/index.ts';
import { segmentsOfPointer } from './paths.ts';
import type { Problem } from './problem.ts';
import { isRecord, joinPath, shown, walkSchemas } from './walk.ts';

/** Patterns in words, as the kinds give them. */
const patternTexts = new Map(
  API_KINDS.flatMap(({ spec, status }) => (status ? [spec, status] : [spec]))
    .flatMap((root) => [...walkSchemas(root)])
    .filter((schema) => schema.type === 'string')
    .map(({ pattern, patternText }) => [pattern as unknown, patternText]),
);

const counted = (n: unknown, thing: string): string => `${String(n)} ${thing}${n === 1 ? '' : 's'}`;

type Params = Record<string, unknown>;

/** For each keyword: what is wrong, and what is allowed. */
const TEXTS: Record<string, (params: Params) => [message: string, fix: string]> = {
  type: ({ type }) => ['has the wrong type', `write it as ${[type].flat().join(' or ')}`],
  required: () => ['is missing', 'add it'],
  enum: ({ allowedValues }) => [
    'is not one of the possible values',
    `use one of ${(allowedValues as string[]).join(', ')}`,
  ],
  minLength: ({ limit }) => ['is too short', `use at least ${counted(limit, 'character')}`],
  maxLength: ({ limit }) => ['is too long', `use at most ${counted(limit, 'character')}`],
  pattern: ({ pattern }) => [
    'is not written as it has to be',
    `use ${patternTexts.get(pattern) ?? `what matches ${String(pattern)}`}`,
  ],
  minimum: ({ limit }) => ['is too small', `use ${String(limit)} or more`],
  maximum: ({ limit }) => ['is too large', `use ${String(limit)} or less`],
  minItems: ({ limit }) => ['has too few elements', `give at least ${counted(limit, 'element')}`],
  maxItems: ({ limit }) => ['has too many elements', `give at most ${counted(limit, 'element')}`],
  maxProperties: ({ limit }) => ['has too many keys', `give at most ${counted(limit, 'key')}`],
  uniqueItems: () => ['has an element twice', 'name each element once'],
};

/** Follows a JSON pointer into a value, and writes it the way people do. */
function resolve(object: unknown, pointer: string): { path: string; value: unknown } {
  let path = '';
  let value = object;
  for (const key of segmentsOfPointer(pointer)) {
    if (Array.isArray(value)) {
      path = `${path}[${key}]`;
      value = value[Number(key)] as unknown;
    } else {
      path = joinPath(path, key);
      value = isRecord(value) ? value[key] : undefined;
    }
  }
  return { path, value };
}

function errorOf(object: unknown, raw: generated.ValidationError): Problem {
  const { path, value } = resolve(object, raw.instancePath);
  const [message, fix] = TEXTS[raw.keyword]?.(raw.params) ?? [
    `breaks the rule ${raw.keyword}`,
    'see the field reference',
  ];
  return raw.keyword === 'required'
    ? { path: joinPath(path, String(raw.params['missingProperty'])), message, fix }
    : { path, ...shown(value), message, fix };
}

type Validators = Record<keyof typeof generated, generated.Validator>;

/** Types, lengths, patterns and counts. Unknown fields are no errors here. */
export function shapeErrors(kind: string, object: unknown): Problem[] {
  const validator = (generated as Validators)[kindOf(kind).kind as keyof Validators];
  if (validator(object)) return [];
  return (validator.errors ?? []).map((raw) => errorOf(object, raw));
}
