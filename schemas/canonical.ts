import { createHash } from 'node:crypto';

/**
 * JSON with object keys sorted (by UTF-16 code unit) at every depth and undefined left out: equal
 * data gives equal text. Array order counts.
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) {
    return `[${value.map((item) => (item === undefined ? 'null' : canonicalJson(item))).join(',')}]`;
  }
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
};

/** SHA-256 of a text as 64 hex digits. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** SHA-256 of the canonical JSON of a value. */
export const hashOf = (value: unknown): string => sha256(canonicalJson(value));

/** Same data, whatever the order of keys. Nothing and null are the same. */
export const sameData = (a: unknown, b: unknown): boolean => sameJson(a ?? null, b ?? null);

/**
 * Equal as JSON, whatever the order of keys: fields that are undefined do not count, elements of a
 * list that are undefined count as null. Nothing at all is not null.
 */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => sameData(item, b[i]));
  }
  return sameFields(a as Fields, b as Fields);
};

type Fields = Record<string, unknown>;

const sameFields = (a: Fields, b: Fields): boolean => {
  let extra = 0;
  for (const key of Object.keys(b)) if (b[key] !== undefined) extra++;
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue;
    if (!Object.hasOwn(b, key) || !sameJson(a[key], b[key])) return false;
    extra--;
  }
  return extra === 0;
};
