/**
 * Telling the runtime that a pooler is dead. A wrong SHUTDOWN throws a living member out of the cohort
 * (or starts a fail-over), and the pooler does not repair the record: so there is one function for it.
 */
import type { EtcdClient } from '../../topo/client.ts';
import { codecs, patchLifecycle } from '../../topo/codec.ts';
import type { PoolerEntry } from '../../topo/records.ts';

/** Why the process cannot be running any more. */
export type DeathProof = 'containers-terminated' | 'node-deleted' | 'node-out-of-service';

export interface ShutdownEvidence {
  /** What a read from the API server itself (no local copy) said of the pod just now. */
  pod: 'absent' | 'present' | 'unknown';
  proof?: DeathProof;
}

export type ShutdownDecision = { ok: true; reason: string } | { ok: false; refusal: string };

const PROOFS: Record<DeathProof, string> = {
  'containers-terminated': 'its containers had terminated when the pod was last seen',
  'node-deleted': 'its node no longer exists',
  'node-out-of-service': 'its node is marked out of service',
};

/** May SHUTDOWN be written into this pooler's record? */
export const mayMarkShutdown = (
  entry: PoolerEntry,
  evidence: ShutdownEvidence,
): ShutdownDecision => {
  const id = entry.record.id?.name ?? '?';
  if (entry.record.lifecycle_status?.status === 'LIFECYCLE_SHUTDOWN') {
    return { ok: false, refusal: `pooler ${id} is marked already` };
  }
  if (evidence.pod !== 'absent') {
    return {
      ok: false,
      refusal:
        evidence.pod === 'present'
          ? `the pod of pooler ${id} still exists`
          : `the API server did not say whether the pod of pooler ${id} exists`,
    };
  }
  if (evidence.proof === undefined) {
    return {
      ok: false,
      refusal: `the pod of pooler ${id} is gone, but nothing proves that its process is: mark its node out of service, or wait for the pod to return`,
    };
  }
  return { ok: true, reason: `operator: no pod, and ${PROOFS[evidence.proof]}` };
};

/**
 * Writes SHUTDOWN by compare-and-set. False when it was refused or the record changed meanwhile.
 * @param nowMs milliseconds since the epoch
 */
export const markShutdown = async (
  client: EtcdClient,
  entry: PoolerEntry,
  evidence: ShutdownEvidence,
  nowMs: number,
): Promise<{ marked: boolean; reason: string }> => {
  const decision = mayMarkShutdown(entry, evidence);
  if (!decision.ok) return { marked: false, reason: decision.refusal };
  const value = patchLifecycle(entry.kv.value, {
    status: 'LIFECYCLE_SHUTDOWN',
    reason: decision.reason,
    updated: {
      seconds: String(Math.floor(nowMs / 1000)),
      nanos: (nowMs % 1000) * 1_000_000,
    },
  });
  codecs.Multipooler.decode(value);
  const marked = await client.update(entry.kv.key, value, entry.kv.modRevision);
  return { marked, reason: marked ? decision.reason : 'the record changed meanwhile' };
};
