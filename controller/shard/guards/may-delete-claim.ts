/**
 * What becomes of volumes when a shard is deleted. Every deletion of a claim of ours goes through
 * `mayDeleteClaim`.
 */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../../schemas/labels.ts';
import type { PvcRetention } from '../../../schemas/types.ts';

export interface ClaimDeletion {
  claim: KubeObject;
  /** The policy that holds for this claim. */
  whenDeleted: PvcRetention;
  /** The object that the claim belongs to is being deleted. */
  ownerDeleting: boolean;
  /** Pods that still mount the claim. */
  users: readonly string[];
}

export type ClaimDecision = { ok: true; reason: string } | { ok: false; refusal: string };

/** May this claim, and with it its data, be deleted? */
export const mayDeleteClaim = (request: ClaimDeletion): ClaimDecision => {
  const { claim, whenDeleted, ownerDeleting, users } = request;
  const { name, labels } = claim.metadata;
  const no = (refusal: string): ClaimDecision => ({ ok: false, refusal });
  if (labels?.[LABELS.managedBy] !== MANAGED_BY) return no(`claim ${name} is not ours`);
  if (whenDeleted !== 'Delete') return no(`the policy of claim ${name} is to retain it`);
  if (!ownerDeleting) return no(`the owner of claim ${name} is not being deleted`);
  if (users.length > 0) return no(`${users.join(', ')} still use claim ${name}`);
  return { ok: true, reason: 'its owner is being deleted and the policy says whenDeleted: Delete' };
};
