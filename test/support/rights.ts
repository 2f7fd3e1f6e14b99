/** What the controller reads past its copies, by name: the chart grants `get` on these kinds and on no others. */
import type { KindName } from '../../schemas/k8s.ts';

export const READ_LIVE: readonly KindName[] = [
  'Pod',
  'Secret',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Node',
  'PersistentVolume',
];
