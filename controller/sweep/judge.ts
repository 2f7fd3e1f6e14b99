/** Which volumes without a pod have been kept for long enough. */
import type { KubeObject, Pod } from '../../schemas/k8s.ts';
import { LABELS } from '../../schemas/labels.ts';
import { mayDeleteClaim } from '../guards/may-delete-claim.ts';
import { claimsMountedBy, isTerminating } from '../observe/pods.ts';

export interface Verdict {
  claim: KubeObject;
  action: 'delete' | 'keep' | 'refuse';
  reason: string;
}

const HOUR_MS = 3_600_000;
const STAMP = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/;

/** In ms; undefined for what is no time of the label's form. */
function since(stamp: string): number | undefined {
  const [, day, ...clock] = STAMP.exec(stamp) ?? [];
  const at = day === undefined ? NaN : Date.parse(`${day}T${clock.join(':')}Z`);
  return Number.isNaN(at) ? undefined : at;
}

export const keyOf = (namespace: string | undefined, name: string): string =>
  `${namespace}/${name}`;

interface Limits {
  nowMs: number;
  retentionMs: number;
  /** Clusters of which nothing is to be changed. */
  paused: ReadonlySet<string>;
}

/** `claims` are those with the label of a volume without a pod. */
export function judgeOrphans(
  claims: readonly KubeObject[],
  pods: readonly Pod[],
  { nowMs, retentionMs, paused }: Limits,
): Verdict[] {
  const mounts = pods.flatMap((pod) =>
    claimsMountedBy(pod).map((claim) => ({
      claim: keyOf(pod.metadata.namespace, claim),
      pod: pod.metadata.name,
    })),
  );
  const users = Map.groupBy(mounts, (mount) => mount.claim);
  return claims
    .filter((claim) => !isTerminating(claim))
    .map((claim) => {
      const { namespace, name, labels } = claim.metadata;
      const stamp = labels?.[LABELS.orphanSince] ?? '';
      const at = since(stamp);
      if (at === undefined) {
        const reason = `label ${LABELS.orphanSince}: ${JSON.stringify(stamp)} must be a time like 2006-01-02T15-04-05Z`;
        return { claim, action: 'refuse', reason };
      }
      const age = nowMs - at;
      const told = `without a pod for ${Math.floor(age / HOUR_MS)} h of ${Math.floor(retentionMs / HOUR_MS)} h`;
      if (age < retentionMs) return { claim, action: 'keep', reason: told };
      if (paused.has(keyOf(namespace, labels?.[LABELS.cluster] ?? ''))) {
        return { claim, action: 'keep', reason: 'its cluster is paused' };
      }
      const decision = mayDeleteClaim({
        claim,
        policy: 'Delete',
        ownerLeaves: told,
        users: (users.get(keyOf(namespace, name)) ?? []).map(({ pod }) => pod),
      });
      return decision.ok
        ? { claim, action: 'delete', reason: told }
        : { claim, action: 'refuse', reason: decision.refusal };
    });
}
