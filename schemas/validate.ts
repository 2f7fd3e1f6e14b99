import { API_KINDS } from './kinds/index.ts';
import type { Problem } from './problem.ts';
import { ruleErrors } from './rule-errors.ts';
import { shapeErrors } from './shape-errors.ts';

export type SchemaError = Problem;

/**
 * What the API server would refuse in an object of one of our kinds: first types and limits, and if
 * those are right, rules. With `old`, the stored object, also what may not change. Unlike the API
 * server this neither drops unknown fields nor fills in defaults. Sorted by path.
 * @throws if the kind is none of ours
 */
export function validate(kind: string, object: unknown, old?: unknown): SchemaError[] {
  const shape = shapeErrors(kind, object);
  const found = API_KINDS.find((candidate) => candidate.kind === kind);
  if (shape.length > 0 || found === undefined) return shape.toSorted(byPath);
  return ruleErrors(found, object, old).toSorted(byPath);
}

const byPath = (a: Problem, b: Problem): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
