import jsonPatch from 'fast-json-patch';
import { compact } from '../schemas/compact.ts';
import { defaultCluster } from '../schemas/defaults/multigrescluster.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import { changesMetadataOnly, isTerminating } from './policies/policy.ts';
import { subjectOf, type AdmissionRequest, type Verdict } from './review.ts';
import { writtenByUser } from './written-by-user.ts';

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
