import jsonPatch from 'fast-json-patch';
import { compact } from '../schemas/compact.ts';
import { defaultCluster } from '../schemas/defaults/multigrescluster.ts';
import { LAST_APPLIED } from '../schemas/labels.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import { isRecord } from '../schemas/walk.ts';
import { valueAt } from './policies/locate.ts';
import { changesMetadataOnly, isTerminating } from './policies/policy.ts';
import { subjectOf, type AdmissionRequest, type Verdict } from './review.ts';

/**
 * Writes the stored defaults into a cluster, as the smallest patch on the JSON that came in:
 * nothing is decoded and encoded again, so what the user wrote stays as it was written.
 */
export function mutate(request: AdmissionRequest): Verdict {
  const { object, oldObject } = request;
  const subject = subjectOf(request);
  if (request.kind.kind !== 'MultigresCluster' || !object) return { allowed: true };
  if (isTerminating(subject) || changesMetadataOnly(subject)) return { allowed: true };
  const defaulted = defaultCluster(
    object as MultigresCluster,
    compact({
      old: oldObject as MultigresCluster | undefined,
      wrote: (path: readonly string[]) => writtenByUser(request, path),
    }),
  );
  return { allowed: true, patch: jsonPatch.compare(object, defaulted) };
}

interface Noted {
  metadata?: { annotations?: Record<string, string>; managedFields?: unknown };
}

/**
 * Whether whoever applies an object wrote a field of it, as far as kubectl and GitOps tools tell:
 * client-side apply keeps the text, server-side apply the names of the fields. False where neither does.
 * Both are parsed here, so only ask where the answer matters.
 */
function writtenByUser(
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
