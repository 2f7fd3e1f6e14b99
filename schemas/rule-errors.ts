import type { Kind, ListSchema, Rule } from './kinds/dsl.ts';
import type { Problem } from './problem.ts';
import { isRecord, keyOf, type Node, shown, walkSpec } from './walk.ts';

/** Elements of a keyed list that repeat the key of an earlier one. */
function duplicates(schema: ListSchema, value: unknown, path: string): Problem[] {
  const { key } = schema;
  if (key === undefined || !Array.isArray(value)) return [];
  const keys = value.map((item) => (isRecord(item) ? item[key] : undefined));
  return keys.flatMap((name, i) =>
    keys.indexOf(name) < i
      ? [
          {
            path: `${path}[${i}].${key}`,
            value: name,
            message: 'is there already',
            fix: `give each element of ${path} another ${key}`,
          },
        ]
      : [],
  );
}

/** Tells whether a rule holds: evaluates its CEL. */
export type HoldsRule = (rule: Rule, self: unknown, old: unknown) => boolean;

function errorsAt({ schema, value, old, path }: Node, holds: HoldsRule): Problem[] {
  const broken = (schema.rules ?? [])
    .filter((rule) => !rule.transition || old !== undefined)
    .filter((rule) => !holds(rule, value, old));
  const errors = broken.map((rule) => messageOf(rule.message, path, value));
  return schema.type === 'list' ? [...errors, ...duplicates(schema, value, path)] : errors;
}

/** Our rules say what is wrong and, after the colon, what to do. */
function messageOf(text: string, path: string, value: unknown): Problem {
  const colon = text.indexOf(': ');
  return colon < 0
    ? { path, ...shown(value), message: text, fix: text }
    : { path, ...shown(value), message: text.slice(0, colon), fix: text.slice(colon + 2) };
}

/**
 * Rules over several values, keys of lists and, if `old` is given, what may not change. Call it only
 * for an object whose shape is right: rules trust the types.
 */
export function ruleErrors(kind: Kind, object: unknown, old: unknown, holds: HoldsRule): Problem[] {
  if (!isRecord(object)) return [];
  const errors = (kind.rules ?? [])
    .filter((rule) => !holds(rule, object, old))
    .map((rule) => messageOf(rule.message, 'metadata.name', keyOf(object['metadata'], 'name')));
  return [...errors, ...[...walkSpec(kind, object, old)].flatMap((node) => errorsAt(node, holds))];
}
