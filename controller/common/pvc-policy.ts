import type { PvcPolicy } from '../../schemas/types.ts';

/** Each half: the child's if it has one, else the parent's. Undefined if neither has any. */
export const mergePvcPolicy = (child?: PvcPolicy, parent?: PvcPolicy): PvcPolicy | undefined => {
  const merged = { ...parent, ...child };
  return Object.keys(merged).length === 0 ? undefined : merged;
};

/**
 * What holds for a volume where nobody said more: it outlives its owner, and goes when the number
 * of pods is lowered.
 */
export const effectivePvcPolicy = (child?: PvcPolicy, parent?: PvcPolicy): Required<PvcPolicy> => {
  const merged = mergePvcPolicy(child, parent);
  return {
    whenDeleted: merged?.whenDeleted ?? 'Retain',
    whenScaled: merged?.whenScaled ?? 'Delete',
  };
};
