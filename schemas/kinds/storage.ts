import { defaulted, list, optional, string, struct } from './dsl.ts';
import { pvcRetention, text } from './scalars.ts';

export const storage = struct('Storage', 'A persistent volume.', {
  size: optional(
    string({
      maxLength: 63,
      pattern: '^([0-9]+)(.+)$',
      patternText: 'a Kubernetes quantity such as 10Gi',
    }),
    'Size of the volume as a Kubernetes quantity, for example 10Gi. It can grow, never shrink.',
  ),
  class: optional(
    string({ minLength: 1, maxLength: 63 }),
    "StorageClass of the volume. Absent: the cluster's default StorageClass.",
  ),
  accessModes: optional(list(text), 'Access modes of the volume. Empty: ReadWriteOnce.'),
});

const PVC_POLICY_DOC =
  'What happens to PersistentVolumeClaims, and the data on them, when their owner goes.';
const WHEN_DELETED = 'When the owning object is deleted: keep the volumes or delete them.';
const WHEN_SCALED =
  'When the number of replicas shrinks: keep the volumes of removed pods or delete them.';

export const pvcPolicy = struct('PvcPolicy', PVC_POLICY_DOC, {
  whenDeleted: defaulted(pvcRetention, 'Retain', WHEN_DELETED),
  whenScaled: defaulted(pvcRetention, 'Delete', WHEN_SCALED),
});

/**
 * The same below a list of the user's, where nothing is written by others: `kubectl apply` would take
 * it out and the API server put it in again, each time. The same defaults are resolved later.
 */
export const pvcPolicyInList = struct('PvcPolicy', PVC_POLICY_DOC, {
  whenDeleted: optional(pvcRetention, `${WHEN_DELETED} Absent: Retain.`),
  whenScaled: optional(pvcRetention, `${WHEN_SCALED} Absent: Delete.`),
});
