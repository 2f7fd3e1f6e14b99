/**
 * Telling the runtime that a pooler is dead. A wrong SHUTDOWN throws a living member out of the cohort
 * (or starts a fail-over), and the pooler does not repair the record: so there is one function for it.
 */
import type { PoolerEntry } from '../../topo/records.ts';
import { isShutdown } from '../state/lifecycle.ts';
import type { DeathProof } from '../state/node.ts';

export interface ShutdownEvidence {
  /**
   * What a read from the API server itself (no cache) said of the pod just now. `ended`: it exists, and its
   * kubelet says that each of its containers has ended.
   */
  pod: 'absent' | 'ended' | 'present' | 'unknown';
  proof?: DeathProof;
}

type ShutdownDecision = { ok: true; reason: string } | { ok: false; refusal: string };

const PROOFS: Record<DeathProof, string> = {
  'containers-terminated': 'its containers have ended',
  'node-deleted': 'its node no longer exists',
  'node-out-of-service': 'its node is marked out of service',
};

/** May SHUTDOWN be written into this pooler's record? */
export const mayMarkShutdown = (
  entry: PoolerEntry,
  evidence: ShutdownEvidence,
): ShutdownDecision => {
  const id = entry.record.id?.name ?? '?';
  const no = (refusal: string): ShutdownDecision => ({ ok: false, refusal });
  if (isShutdown(entry.record)) return no(`pooler ${id} is marked already`);
  if (evidence.pod === 'present') return no(`the pod of pooler ${id} still runs`);
  if (evidence.pod !== 'absent' && evidence.pod !== 'ended') {
    return no(`the API server did not say whether the pod of pooler ${id} exists`);
  }
  if (evidence.proof === undefined) {
    return no(
      `the pod of pooler ${id} is gone, but nothing proves that its process is: mark its node out of service, or wait for the pod to return`,
    );
  }
  const pod = evidence.pod === 'absent' ? 'no pod' : 'nothing runs in its pod';
  return { ok: true, reason: `operator: ${pod}, and ${PROOFS[evidence.proof]}` };
};
