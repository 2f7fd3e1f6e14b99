import { API_KINDS } from '../schemas/kinds/index.ts';
import { problemText } from '../schemas/problem.ts';
import { shapeErrors } from '../schemas/shape-errors.ts';
import type { AdmissionRequest, Verdict } from './review.ts';

/** More would not help anybody. */
const MOST = 10;

/**
 * Judges a request that made our code fail: when its object is not what the CRD's schema says (a
 * mutating webhook sees objects before the schema is checked), the fault is the object's, and this is
 * the refusal. Undefined when the object is as it should be: then the fault is ours.
 */
export function malformed(request: AdmissionRequest, error: unknown): Verdict | undefined {
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return invalid(['the object is nested too deeply; no field of this API needs that'], []);
  }
  if (!API_KINDS.some(({ kind }) => kind === request.kind.kind)) return undefined;
  const { object, oldObject } = request;
  const problems = [object, oldObject].flatMap((one) =>
    one ? shapeErrors(request.kind.kind, one) : [],
  );
  if (problems.length === 0) return undefined;
  const shown = problems.slice(0, MOST);
  return invalid(
    shown.map(problemText),
    shown.map(({ path, message }) => ({ field: path, message, reason: 'FieldValueInvalid' })),
  );
}

function invalid(texts: string[], causes: NonNullable<Verdict['causes']>): Verdict {
  return {
    allowed: false,
    code: 422,
    reason: 'Invalid',
    message: `the object is not of the form that its schema asks for:\n- ${texts.join('\n- ')}`,
    causes,
  };
}
