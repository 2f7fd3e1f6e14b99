/** Volumes: made with their pods, grown, never shrunk; what becomes of those whose pod has gone for good. */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { compareQuantity } from '../../../schemas/quantity.ts';
import { effectivePvcPolicy } from '../../../schemas/resolve/pvc-policy.ts';
import type { PvcPolicy, Shard } from '../../../schemas/types.ts';
import { requestedStorage } from '../../apply/claims.ts';
import { ownerReference } from '../../builders/owner.ts';
import { isTerminating } from '../../observe/pods.ts';
import { mayDeleteClaim, mayRemakeClaim } from '../../guards/may-delete-claim.ts';
import type { Action, Plan } from '../state/action.ts';
import { leaderMember } from '../state/health.ts';
import { isShutdown } from '../state/lifecycle.ts';
import type { Member } from '../state/member.ts';
import { isNewcomer } from '../state/member.ts';
import { cohortOf } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { newcomersWait } from './fresh-backup.ts';
import type { Planner } from './planner.ts';

/** The policy that holds for a claim; the pool's own wins. */
export const claimPolicy = (shard: Shard, claim: KubeObject): Required<PvcPolicy> => {
  const pool = claim.metadata.labels?.[LABELS.pool];
  const own = pool === undefined ? undefined : shard.spec?.pools[pool]?.pvcDeletionPolicy;
  return effectivePvcPolicy(own, shard.spec?.pvcDeletionPolicy);
};

/** A claim as it may be applied: never smaller than it is, class and modes as they are. */
export const claimToApply = (wanted: KubeObject, observed: KubeObject | undefined): KubeObject => {
  if (!observed) return wanted;
  const have = requestedStorage(observed);
  const want = requestedStorage(wanted);
  const grows = have !== undefined && want !== undefined && compareQuantity(want, have) === 1;
  const fixed = observed.spec as { accessModes?: string[]; storageClassName?: string };
  const { accessModes, storageClassName } = fixed;
  return {
    ...wanted,
    spec: {
      ...(accessModes ? { accessModes } : {}),
      ...(storageClassName === undefined ? {} : { storageClassName }),
      resources: { requests: { storage: grows ? want : (have ?? want) } },
    },
  };
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
  const classOf = ({ spec }: KubeObject): string | undefined =>
    (spec as { storageClassName?: string }).storageClassName;
  const [asked, is] = [classOf(wanted), classOf(observed)];
  return shrinks || (asked !== undefined && asked !== is);
};

const remake = (wanted: KubeObject, observed: KubeObject, pod: Pod | undefined): Action[] => {
  if (isTerminating(observed) || !corrected(wanted, observed)) return [];
  const decision = mayRemakeClaim(observed, pod?.spec?.nodeName);
  if (!decision.ok) return [];
  const { name, uid = '' } = observed.metadata;
  const message = `claim ${name} is made anew: ${decision.reason}`;
  const notice = { type: 'Normal', reason: 'VolumeClaimRemade', message } as const;
  const { reason } = decision;
  return [{ kind: 'delete-claim', claim: name, uid, unbound: true, reason, notice }];
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
  const { labels, ownerReferences: owners = [] } = observed?.metadata ?? {};
  const isOrphan = labels?.[LABELS.orphanSince] !== undefined;
  // Somebody else may have written the owner: an apply does not remove what it did not write.
  const others = owners.filter(({ uid }) => uid !== state.shard.metadata.uid);
  const isOwned = whenDeleted === 'Retain' && others.length < owners.length;
  if (!isOrphan && !isOwned) return [apply];
  const metadata = {
    ...(isOrphan ? { labels: { [LABELS.orphanSince]: null } } : {}),
    ...(isOwned ? { ownerReferences: others } : {}),
  };
  const reason = isOrphan ? 'its pod is back' : 'the policy is whenDeleted: Retain';
  return [apply, { kind: 'patch-claim', claim: name, patch: { metadata }, reason }];
};

/** `2006-01-02T15-04-05Z`: colons are not allowed in labels. */
const orphanStamp = (nowMs: number): string =>
  new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');

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
  const { whenScaled } = claimPolicy(state.shard, claim);
  if (whenScaled === 'Delete') {
    const decision = mayDeleteClaim({
      claim,
      policy: whenScaled,
      ownerLeaves: 'its pod is no longer in the specification',
      users: [],
    });
    if (!decision.ok) return { blocked: [{ pod, reason: decision.refusal }] };
    const message = `volume ${name} is deleted: ${decision.reason}`;
    return {
      actions: [
        {
          kind: 'delete-claim',
          claim: name,
          uid,
          reason: decision.reason,
          notice: { type: 'Normal', reason: 'VolumeDeleted', message },
        },
      ],
    };
  }
  const patch = {
    metadata: { labels: { [LABELS.orphanSince]: orphanStamp(state.nowMs) }, ownerReferences: null },
  };
  const message = `volume ${name} stays, without a pod: the policy is whenScaled: Retain`;
  return {
    actions: [
      {
        kind: 'patch-claim',
        claim: name,
        patch,
        reason: 'its pod is gone for good',
        notice: { type: 'Normal', reason: 'VolumeRetained', message },
      },
    ],
  };
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
  const settled = members.map((member) => settleClaim(state, member));
  return {
    actions: [
      ...[...shared, ...own].flatMap((claim) =>
        applyClaim(state, claim, objects.claims.get(claim.metadata.name)),
      ),
      ...settled.flatMap(({ actions = [] }) => actions),
    ],
    doing: settled.flatMap(({ doing = [] }) => doing),
    blocked: settled.flatMap(({ blocked = [] }) => blocked),
  };
};
