import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import type { Rule } from '../schemas/kinds/dsl.ts';
import type { HoldsRule } from '../schemas/rule-errors.ts';

/**
 * Evaluates the CEL of the rules, the text that the API server gets. Each text is parsed once. Only standard CEL is known: a rule that needs one of
 * the API server's own functions (isURL, quantity, ...) fails the tests until it is added here.
 * @throws for a text that cannot be parsed or that fails, which the API server refuses too
 */
export function createCelRules(): HoldsRule {
  const environment = new Environment({ enableOptionalTypes: true })
    .registerVariable('self', 'dyn')
    .registerVariable('oldSelf', 'dyn');
  const parsed = new Map<string, ParseResult>();
  const programOf = (rule: Rule): ParseResult => {
    const known = parsed.get(rule.cel);
    if (known) return known;
    const program = environment.parse(rule.cel);
    parsed.set(rule.cel, program);
    return program;
  };
  return (rule, self, old) => {
    const result: unknown = programOf(rule)({ self: celValue(self), oldSelf: celValue(old) });
    if (typeof result === 'boolean') return result;
    throw new Error(`the rule ${rule.cel} gives no yes or no`);
  };
}

/** JSON as CEL sees it by our schemas: all their numbers are integers. */
export function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, inner]) => [key, celValue(inner)]));
}
