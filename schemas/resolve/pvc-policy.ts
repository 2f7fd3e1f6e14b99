import { compact, nonEmpty } from '../compact.ts';
import type { PvcPolicy } from '../types.ts';

/**
 * What the CRD makes of a block that is present: halves that were not written get these values
 * before anybody else sees the object. Repeated here so that manifests on disk and objects from the
 * API server resolve to the same.
 */
export const pvcPolicyAsStored = (policy: PvcPolicy | undefined): PvcPolicy | undefined =>
  policy && {
    whenDeleted: policy.whenDeleted ?? 'Retain',
    whenScaled: policy.whenScaled ?? 'Delete',
  };

/** Per half: the child's if set, else the parent's; undefined if neither says anything. */
export const mergePvcPolicy = (
  child: PvcPolicy | undefined,
  parent: PvcPolicy | undefined,
): PvcPolicy | undefined =>
  nonEmpty(
    compact({
      whenDeleted: child?.whenDeleted ?? parent?.whenDeleted,
      whenScaled: child?.whenScaled ?? parent?.whenScaled,
    }),
  );

/** As `mergePvcPolicy` over a complete parent. */
export const inheritPvcPolicy = (
  child: PvcPolicy | undefined,
  parent: Required<PvcPolicy>,
): Required<PvcPolicy> => ({ ...parent, ...mergePvcPolicy(pvcPolicyAsStored(child), parent) });

/** What holds for a pool's claims; without any word of the user, data outlives its Shard. */
export const effectivePvcPolicy = (
  pool: PvcPolicy | undefined,
  shard: PvcPolicy | undefined,
): Required<PvcPolicy> => ({
  whenDeleted: 'Retain',
  whenScaled: 'Delete',
  ...mergePvcPolicy(pool, shard),
});
