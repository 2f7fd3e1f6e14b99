import jsonPatch from 'fast-json-patch';
import { defaultCluster } from '../schemas/defaults/multigrescluster.ts';
import type { MultigresCluster } from '../schemas/types.ts';
import { changesMetadataOnly, isTerminating } from './policies/policy.ts';
import type { AdmissionRequest, Verdict } from './review.ts';
import { writtenByUser } from './written-by-user.ts';

/**
 * Writes the stored defaults into a cluster, as the smallest patch on the JSON that came in:
 * nothing is decoded and encoded again, so what the user wrote stays as it was written.
 */
export function mutate(request: AdmissionRequest): Verdict {
  const { object, oldObject, operation } = request;
  const subject = {
    operation,
    ...(object ? { object } : {}),
    ...(oldObject ? { old: oldObject } : {}),
  };
  if (request.kind.kind !== 'MultigresCluster' || !object) return { allowed: true };
  if (isTerminating(subject) || changesMetadataOnly(subject)) return { allowed: true };
  const old = oldObject as MultigresCluster | undefined;
  const defaulted = defaultCluster(object as MultigresCluster, {
    ...(old ? { old } : {}),
    wrote: (path) => writtenByUser(request, path),
  });
  return { allowed: true, patch: jsonPatch.compare(object, defaulted) };
}
