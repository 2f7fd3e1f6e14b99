/** Every deletion of a claim of ours, and with it of data, passes here. */
import type { KubeObject } from '../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../schemas/labels.ts';
import type { PvcRetention } from '../../schemas/types.ts';

export interface ClaimDeletion {
  claim: KubeObject;
  /** The policy that holds for this claim in this case. */
  policy: PvcRetention;
  /** Why whom it belongs to goes for good; undefined: it does not. */
  ownerLeaves?: string;
  /** Pods that still mount the claim. */
  users: readonly string[];
}

export type ClaimDecision = { ok: true; reason: string } | { ok: false; refusal: string };

/** May this claim, and with it its data, be deleted? */
export const mayDeleteClaim = (request: ClaimDeletion): ClaimDecision => {
  const { claim, policy, ownerLeaves, users } = request;
  const { name, labels } = claim.metadata;
  const no = (refusal: string): ClaimDecision => ({ ok: false, refusal });
  if (labels?.[LABELS.managedBy] !== MANAGED_BY) return no(`claim ${name} is not ours`);
  if (policy !== 'Delete') return no(`the policy of claim ${name} is to retain it`);
  if (ownerLeaves === undefined) return no(`whom claim ${name} belongs to stays`);
  if (users.length > 0) return no(`${users.join(', ')} still use claim ${name}`);
  return { ok: true, reason: `${ownerLeaves} and the policy says Delete` };
};

/** Has a volume ever been behind it? While not, there is no data on it. */
const neverBound = ({ spec, status }: KubeObject): boolean =>
  (status as { phase?: string } | undefined)?.phase === 'Pending' &&
  (spec as { volumeName?: string }).volumeName === undefined;

/** May this claim be made anew, whatever the policy? `node` is that of the pod which asks for it. */
export const mayRemakeClaim = (claim: KubeObject, node: string | undefined): ClaimDecision => {
  const { name, labels } = claim.metadata;
  const no = (refusal: string): ClaimDecision => ({ ok: false, refusal });
  if (labels?.[LABELS.managedBy] !== MANAGED_BY) return no(`claim ${name} is not ours`);
  if (!neverBound(claim)) return no(`claim ${name} has a volume`);
  if (node !== undefined) return no(`the pod of claim ${name} is on node ${node}`);
  return { ok: true, reason: 'it has no volume yet, and its size or class was corrected' };
};
