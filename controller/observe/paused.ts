import { ANNOTATIONS, LABELS } from '../../schemas/labels.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { Deps } from '../deps.ts';

/** Whether the user wants no writes of the operator to this cluster, but statuses. */
export const isPaused = (object: KubeObject, listers: Deps['listers']): boolean => {
  const { namespace = '', labels } = object.metadata;
  const cluster =
    object.kind === 'MultigresCluster'
      ? object
      : listers.MultigresCluster.get(namespace, labels?.[LABELS.cluster] ?? '');
  return cluster?.metadata.annotations?.[ANNOTATIONS.paused] === 'true';
};
