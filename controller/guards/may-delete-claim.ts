/** Every deletion of a claim of ours, and with it of data, passes here. */
import type { KubeObject } from '../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../schemas/labels.ts';
import { livingHost } from '../observe/volume.ts';
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

interface Abandonment {
  claim: KubeObject;
  /** Hosts that hold its volume; undefined: the volume is not tied to hosts. */
  hosts: readonly string[] | undefined;
  nodes: Iterable<KubeObject>;
  /** Of the pod that asks for it. */
  node: string | undefined;
  /** Another member leads and answers: all that was ever acknowledged is there. */
  leads: boolean;
}

/** May this claim be made anew although it has a volume, whatever the policy? Nobody can use that volume any more. */
export const mayAbandonClaim = (request: Abandonment): ClaimDecision => {
  const { claim, hosts, nodes, node, leads } = request;
  const { name, labels } = claim.metadata;
  const no = (refusal: string): ClaimDecision => ({ ok: false, refusal });
  if (labels?.[LABELS.managedBy] !== MANAGED_BY) return no(`claim ${name} is not ours`);
  if (!hosts) return no(`the volume of claim ${name} is not tied to a node`);
  const living = livingHost(hosts, nodes);
  if (living !== undefined) return no(`node ${living} with the volume of claim ${name} exists`);
  if (node !== undefined) return no(`the pod of claim ${name} is on node ${node}`);
  if (!leads) return no(`no other pooler leads and answers: claim ${name} may be the only copy`);
  return { ok: true, reason: `node ${hosts.join(', ')}, which held it, no longer exists` };
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
