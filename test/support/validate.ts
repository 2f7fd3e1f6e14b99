import { createCelRules } from '../../cli/cel.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import type { Problem } from '../../schemas/problem.ts';
import { ruleErrors } from '../../schemas/rule-errors.ts';
import { shapeErrors } from '../../schemas/shape-errors.ts';

const holds = createCelRules();

/**
 * What the API server would refuse in an object of one of our kinds: first types and limits, and if
 * those are right, rules. With `old`, the stored object, also what may not change. Unlike the API
 * server this neither drops unknown fields nor fills in defaults.
 */
export function validate(kind: string, object: unknown, old?: unknown): Problem[] {
  const shape = shapeErrors(kind, object);
  const found = API_KINDS.find((candidate) => candidate.kind === kind);
  return shape.length > 0 || !found ? shape : ruleErrors(found, object, old, holds);
}
