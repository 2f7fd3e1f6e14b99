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

export const pvcPolicy = struct(
  'PvcPolicy',
  'What happens to PersistentVolumeClaims, and the data on them, when their owner goes.',
  {
    whenDeleted: defaulted(
      pvcRetention,
      'Retain',
      'When the owning object is deleted: keep the volumes or delete them.',
    ),
    whenScaled: defaulted(
      pvcRetention,
      'Delete',
      'When the number of replicas shrinks: keep the volumes of removed pods or delete them.',
    ),
  },
);
