/** Clusters whose owner wants nothing to be changed for a while: by annotation, for all their children. */
import type { Condition, KubeObject } from '../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../schemas/labels.ts';
import { identityOf } from '../builders/meta.ts';
import type { Deps } from '../deps.ts';
import { condition } from './conditions.ts';

/** A cluster that is being deleted is not paused: its end is not a change that could wait. */
export const isPausedCluster = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp === undefined && metadata.annotations?.[ANNOTATIONS.paused] === 'true';

/** Whether the cluster that `object` is, or belongs to by its label, is paused. */
export const isPaused = (
  object: KubeObject,
  listers: Pick<Deps['listers'], 'MultigresCluster'>,
): boolean => {
  const { cluster, namespace } = identityOf(object);
  const owner =
    object.kind === 'MultigresCluster' ? object : listers.MultigresCluster.get(namespace, cluster);
  return owner !== undefined && isPausedCluster(owner);
};

/** The condition of a paused object. `pending`: what would be written, in words. */
export const pausedCondition = (
  pending: readonly string[],
  generation: number | undefined,
): Condition => {
  const rest = pending.length === 0 ? 'nothing is pending' : `pending: ${pending.join(', ')}`;
  const text = `annotation ${ANNOTATIONS.paused} of the cluster stops all changes; ${rest}`;
  return condition('Paused', true, 'Annotation', text, generation);
};

/** The status of a paused object; as it is when `pending` is undefined, as then nothing is paused. */
export const withPaused = <T extends { message?: string; conditions?: Condition[] }>(
  status: T,
  pending: readonly string[] | undefined,
  generation: number | undefined,
): T => {
  if (!pending) return status;
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Paused');
  return {
    ...status,
    message: `paused; ${status.message ?? ''}`,
    conditions: [...others, pausedCondition(pending, generation)],
  };
};
