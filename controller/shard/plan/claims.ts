/** Volumes: made with their pods, grown, never shrunk; what becomes of those whose pod has gone for good. */
import { compact } from '../../../schemas/compact.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { compareQuantity } from '../../../schemas/quantity.ts';
import { effectivePvcPolicy } from '../../../schemas/resolve/pvc-policy.ts';
import type { PvcPolicy, Shard } from '../../../schemas/types.ts';
import { isoSeconds } from '../../../schemas/text.ts';
import { requestedStorage } from '../../apply/claims.ts';
import { ownerReference } from '../../builders/owner.ts';
import { isTerminating } from '../../observe/pods.ts';
import { mayDeleteClaim, mayRemakeClaim } from '../../guards/may-delete-claim.ts';
import type { Action, Notice, Plan } from '../state/action.ts';
import { leaderMember } from '../state/health.ts';
import { isShutdown } from '../state/lifecycle.ts';
import { isNewcomer, type Member } from '../state/member.ts';
import { cohortOf } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { FRESH_MS, newcomersWait } from './fresh-backup.ts';
import { merged, type Planner } from './planner.ts';

/** The policy that holds for a claim; the pool's own wins. */
export const claimPolicy = (shard: Shard, claim: KubeObject): Required<PvcPolicy> => {
  const pool = claim.metadata.labels?.[LABELS.pool];
  const own = pool === undefined ? undefined : shard.spec?.pools[pool]?.pvcDeletionPolicy;
  return effectivePvcPolicy(own, shard.spec?.pvcDeletionPolicy);
};

interface ClaimSpec {
  accessModes?: string[];
  storageClassName?: string;
}

/** A claim as it may be applied: never smaller than it is, class and modes as they are. */
export const claimToApply = (wanted: KubeObject, observed: KubeObject | undefined): KubeObject => {
  if (!observed) return wanted;
  const have = requestedStorage(observed);
  const want = requestedStorage(wanted);
  const grows = have !== undefined && want !== undefined && compareQuantity(want, have) === 1;
  const { accessModes, storageClassName } = observed.spec as ClaimSpec;
  const resources = { requests: { storage: grows ? want : (have ?? want) } };
  return { ...wanted, spec: compact({ accessModes, storageClassName, resources }) };
};

/**
 * The owners of a claim but the Shard; undefined when the Shard is none of them. Somebody else may have written
 * it there: an apply does not remove what it did not write.
 */
export const ownersBut = (shard: Shard, claim: KubeObject | undefined) => {
  const owners = claim?.metadata.ownerReferences ?? [];
  const others = owners.filter(({ uid }) => uid !== shard.metadata.uid);
  return others.length < owners.length ? others : undefined;
};

/** The claim belongs to the Shard only when it is to be deleted with it. */
const withPolicy = (claim: KubeObject, whenDeleted: string, owner: KubeObject): KubeObject =>
  whenDeleted === 'Delete'
    ? { ...claim, metadata: { ...claim.metadata, ownerReferences: [ownerReference(owner)] } }
    : claim;

/** What the data asks of a Postgres is noted once there is data, and is not forgotten with the Shard. */
const withFloor = ({ started, desired, objects }: ShardState, wanted: KubeObject): KubeObject => {
  const { name, annotations } = wanted.metadata;
  const observed = objects.claims.get(name)?.metadata.annotations?.[ANNOTATIONS.postgresFloor];
  if (!desired || (!started && observed === undefined)) return wanted;
  const note = { [ANNOTATIONS.postgresFloor]: desired.config.floorNote };
  return { ...wanted, metadata: { ...wanted.metadata, annotations: { ...annotations, ...note } } };
};

/** A claim cannot shrink nor change its class; one that nothing was ever bound to is made anew instead. */
const corrected = (wanted: KubeObject, observed: KubeObject): boolean => {
  const [want, have] = [wanted, observed].map(requestedStorage);
  const shrinks = want !== undefined && have !== undefined && compareQuantity(want, have) === -1;
  const [asked, is] = [wanted, observed].map(({ spec }) => (spec as ClaimSpec).storageClassName);
  return shrinks || (asked !== undefined && asked !== is);
};

const remake = (wanted: KubeObject, observed: KubeObject, pod: Pod | undefined): Action[] => {
  if (isTerminating(observed) || !corrected(wanted, observed)) return [];
  const decision = mayRemakeClaim(observed, pod?.spec?.nodeName);
  if (!decision.ok) return [];
  const { reason } = decision;
  const { name: claim, uid = '' } = observed.metadata;
  const message = `claim ${claim} is made anew: ${reason}`;
  const notice = { type: 'Normal', reason: 'VolumeClaimRemade', message } as const;
  return [{ kind: 'delete-claim', claim, uid, because: 'unbound', reason, notice }];
};

/** `2006-01-02T15-04-05Z`: colons are not allowed in labels. */
const orphanStamp = (nowMs: number): string => isoSeconds(nowMs).replaceAll(':', '-');

/** Its data is of that time, and no backup makes it younger: the primary must still have the WAL since. */
const usedAgain = (state: ShardState, claim: string, since: string): Notice => {
  const isOld = since < orphanStamp(state.nowMs - FRESH_MS);
  const hint =
    ': if it does not stream because the primary has no WAL of then, delete pod and claim, and it is made anew from a backup';
  const message = `volume ${claim} is used again, with its data of ${since}${isOld ? hint : ''}`;
  return { type: isOld ? 'Warning' : 'Normal', reason: 'VolumeUsedAgain', message };
};

const applyClaim = (
  state: ShardState,
  wanted: KubeObject,
  observed: KubeObject | undefined,
): Action[] => {
  const pod = state.objects.pods.get(names.podOfDataPvc(wanted.metadata.name));
  const again = observed ? remake(wanted, observed, pod) : [];
  if (again.length > 0) return again;
  const { whenDeleted } = claimPolicy(state.shard, wanted);
  const object = withPolicy(claimToApply(wanted, observed), whenDeleted, state.shard);
  const apply: Action = { kind: 'apply', object, reason: 'volume of the shard' };
  const { name } = wanted.metadata;
  const since = observed?.metadata.labels?.[LABELS.orphanSince];
  const isOrphan = since !== undefined;
  const ownerReferences = whenDeleted === 'Retain' ? ownersBut(state.shard, observed) : undefined;
  if (!isOrphan && !ownerReferences) return [apply];
  const labels = isOrphan ? { [LABELS.orphanSince]: null } : undefined;
  const metadata = compact({ labels, ownerReferences });
  const reason = isOrphan ? 'its pod is back' : 'the policy is whenDeleted: Retain';
  const notice = isOrphan ? { notice: usedAgain(state, name, since) } : {};
  return [apply, { kind: 'patch-claim', claim: name, patch: { metadata }, reason, ...notice }];
};

/** Nothing of the member runs or votes any more, as its record and a leader that answers say. */
const hasLeft = (state: ShardState, { observed, id, record }: Member): boolean => {
  if (observed || state.dataPlane.error !== undefined) return false;
  if (record && !isShutdown(record)) return false;
  if (!state.started) return true;
  return leaderMember(state)?.status !== undefined && !cohortOf(state.members).includes(id);
};

/** Its pod is gone for good: the policy for scaling decides about the volume. */
const settleClaim = (state: ShardState, member: Member): Partial<Plan> => {
  const { claim, pod, desired } = member;
  if (desired || !claim || isTerminating(claim) || member.observed) return {};
  if (!hasLeft(state, member)) {
    return { doing: [{ pod, reason: 'its pod is gone; waiting until the cohort is without it' }] };
  }
  const { name, uid = '' } = claim.metadata;
  const notice = (reason: string, message: string): Notice => ({ type: 'Normal', reason, message });
  const { whenScaled } = claimPolicy(state.shard, claim);
  if (whenScaled === 'Delete') {
    const decision = mayDeleteClaim({
      claim,
      policy: whenScaled,
      ownerLeaves: 'its pod is no longer in the specification',
      users: [],
    });
    if (!decision.ok) return { blocked: [{ pod, reason: decision.refusal }] };
    const { reason } = decision;
    const told = notice('VolumeDeleted', `volume ${name} is deleted: ${reason}`);
    return { actions: [{ kind: 'delete-claim', claim: name, uid, reason, notice: told }] };
  }
  const labels = { [LABELS.orphanSince]: orphanStamp(state.nowMs) };
  const patch = { metadata: { labels, ownerReferences: null } };
  const message = `volume ${name} stays, without a pod: the policy is whenScaled: Retain`;
  const told = notice('VolumeRetained', message);
  const reason = 'its pod is gone for good';
  return { actions: [{ kind: 'patch-claim', claim: name, patch, reason, notice: told }] };
};

export const planClaims: Planner = (state) => {
  const { desired, members, objects } = state;
  if (!desired) return {};
  const wait = newcomersWait(state);
  const shared = desired.objects.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  const own = members.flatMap((member) =>
    member.desired && !(wait !== undefined && isNewcomer(member))
      ? [withFloor(state, member.desired.pvc)]
      : [],
  );
  const applied = [...shared, ...own].flatMap((claim) =>
    applyClaim(state, claim, objects.claims.get(claim.metadata.name)),
  );
  return merged([{ actions: applied }, ...members.map((member) => settleClaim(state, member))]);
};
