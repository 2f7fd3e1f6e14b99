import { opened } from './embedded/index.ts';
import { API_KINDS } from './kinds/index.ts';
import type { Problem } from './problem.ts';
import { nearest } from './spelling.ts';
import { isRecord, joinPath, type Node, shown, walkSpec } from './walk.ts';

/** A field that is none, with the nearest name that is. `listed`: `known` as a reader wants to see it. */
export function unknownField(
  parent: string,
  name: string,
  value: unknown,
  known: readonly string[],
  listed = known,
): Problem {
  const meant = nearest(name, known);
  const fix = meant ? `write ${meant}` : `remove it; the fields here are ${listed.join(', ')}`;
  return { path: joinPath(parent, name), ...shown(value), message: 'is no field of the API', fix };
}

function unknownAt({ schema: given, value, path }: Node): Problem[] {
  const schema = opened(given);
  if (schema.type !== 'struct' || !isRecord(value)) return [];
  const known = Object.keys(schema.fields);
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => unknownField(path, name, value[name], known, known.toSorted()));
}

/**
 * Fields of `spec` that the API server would drop, or refuse from strict clients, each with the name
 * that was most likely meant.
 */
export function unknownFields(kind: string, object: unknown): Problem[] {
  const known = API_KINDS.find((candidate) => candidate.kind === kind);
  return known ? [...walkSpec(known, object)].flatMap(unknownAt) : [];
}
