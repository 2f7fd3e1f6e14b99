import type { AdmissionRequest } from './review.ts';
import { LAST_APPLIED } from '../schemas/labels.ts';
import { isRecord } from '../schemas/walk.ts';
import { valueAt } from './policies/locate.ts';

interface Noted {
  metadata?: { annotations?: Record<string, string>; managedFields?: unknown };
}

/**
 * Whether whoever applies an object wrote a field of it, as far as kubectl and GitOps tools tell:
 * client-side apply keeps the text, server-side apply the names of the fields. False where neither does.
 * Both are parsed here, so only ask where the answer matters.
 */
export function writtenByUser(
  { object, wholeObject }: AdmissionRequest,
  path: readonly string[],
): boolean {
  const { metadata } = (wholeObject?.() ?? object ?? {}) as Noted;
  const text = metadata?.annotations?.[LAST_APPLIED];
  if (text !== undefined && valueAt(parsed(text), path) !== undefined) return true;
  const names = path.map((key) => `f:${key}`);
  const entries = metadata?.managedFields;
  return (
    Array.isArray(entries) &&
    entries.some(
      (entry: unknown) =>
        isRecord(entry) &&
        entry['operation'] === 'Apply' &&
        valueAt(entry['fieldsV1'], names) !== undefined,
    )
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
