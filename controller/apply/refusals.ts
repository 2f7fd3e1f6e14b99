/** Writes that somebody has to help with, as a condition of the object whose children they are about. */
import type { Condition } from '../../schemas/k8s.ts';
import { isKubeError, type KubeError } from '../../kube/errors.ts';
import { nameOf, textOf, type Failed } from './children.ts';
import { condition } from '../observe/conditions.ts';

/**
 * A condition for writes that will not succeed before somebody acts: refused by validation, RBAC, quota or
 * a policy. None for what passes by itself.
 */
export const refusedCondition = (
  failed: readonly Failed[],
  generation: number | undefined,
): Condition[] => {
  const lasting = failed.filter(({ error }) => isKubeError(error, 'invalid', 'denied'));
  const [first] = lasting;
  if (!first) return [];
  const { reason } = first.error as KubeError;
  const name = /^[A-Za-z]+$/.test(reason) ? reason : 'Refused';
  const text = lasting.map(({ child, error }) => `${nameOf(child)}: ${textOf(error)}`).join('; ');
  return [condition('ChildrenRefused', true, name, text, generation)];
};

/** A status with that condition. */
export const withRefusals = <T extends { conditions?: Condition[] }>(
  status: T,
  failed: readonly Failed[],
  generation: number | undefined,
): T => {
  const [refused] = refusedCondition(failed, generation);
  if (!refused) return status;
  const before = status.conditions ?? [];
  // A cluster repeats here what its children say.
  const others = before.filter(({ type }) => type !== 'ChildrenRefused');
  const repeated = before.filter(({ type }) => type === 'ChildrenRefused');
  const text = [refused, ...repeated].map(({ message }) => message).join('; ');
  const own = condition(refused.type, true, refused.reason, text, generation);
  return { ...status, conditions: [...others, own] };
};
