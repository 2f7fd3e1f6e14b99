/** May a pod be removed although nobody ended it? Only when nothing of it can run any more. */
import type { Pod } from '../../../schemas/k8s.ts';
import { NODE_PROOFS, type DeathProof } from '../state/node.ts';

interface ForceEvidence {
  /** As the API server itself has it now; undefined: it is gone. */
  pod: Pod | undefined;
  /** Of the pod that is meant. */
  uid: string;
  /** By a read of its Node from the API server itself. */
  proof?: DeathProof;
}

type ForceDecision = { ok: true; reason: string } | { ok: false; refusal: string };

export const mayForceDelete = ({ pod, uid, proof }: ForceEvidence): ForceDecision => {
  const no = (refusal: string): ForceDecision => ({ ok: false, refusal });
  if (!pod) return no('the pod is gone already');
  const { name } = pod.metadata;
  if (pod.metadata.uid !== uid) return no(`pod ${name} is another one by now`);
  const node = pod.spec?.nodeName ?? '?';
  if (proof === undefined || proof === 'containers-terminated') {
    return no(
      `node ${node} of pod ${name} exists and is not out of service: if the machine is off, taint it with node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`,
    );
  }
  return { ok: true, reason: `node ${node} ${NODE_PROOFS[proof]}` };
};
