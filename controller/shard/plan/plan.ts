/** From what is wanted and what is there to a list of steps. Pure: the same input gives the same plan. */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import type { PvcPolicy } from '../../../schemas/types.ts';
import type { Policy } from '../../../schemas/durability.ts';
import { compareQuantity } from '../../../schemas/quantity.ts';
import { ownerReference } from '../../builders/owner.ts';
import { isTerminating } from '../../observe/pods.ts';
import type { DeathProof } from '../guards/may-mark-shutdown.ts';
import type { DataPlane } from '../gather/data-plane.ts';
import type { DesiredPod } from '../desired/index.ts';
import { holdBack } from './hold.ts';
import type { PodTrace } from '../gather/cache.ts';

export type Step =
  | { kind: 'apply'; object: KubeObject; reason: string }
  | { kind: 'create-pod'; object: Pod; reason: string }
  | { kind: 'patch-pod'; name: string; patch: unknown; reason: string }
  /** Only of pods that have ended: their place is needed for a new one. */
  | { kind: 'delete-ended-pod'; name: string; uid: string; reason: string }
  | { kind: 'mark-shutdown'; pod: string; id: string; proof: DeathProof; reason: string };

export interface Plan {
  steps: Step[];
  /** Pods that are not created yet, and why. */
  held: { pod: string; reason: string }[];
  /** Pods whose specification is not the wanted one. */
  drifted: string[];
  /** Pods that the specification does not ask for any more. They stay. */
  surplus: string[];
  /** Pods that terminate on a node that is not there to end them. */
  stuck: { pod: string; reason: string }[];
}

export interface PlanInput {
  owner: KubeObject;
  objects: readonly KubeObject[];
  desired: readonly DesiredPod[];
  pods: ReadonlyMap<string, Pod>;
  claims: ReadonlyMap<string, KubeObject>;
  nodes: ReadonlyMap<string, KubeObject>;
  traces: ReadonlyMap<string, PodTrace>;
  /** Undefined: nothing was read, because the shard has never had a primary. */
  dataPlane?: DataPlane;
  /** Roles of the last status. */
  lastRoles: Readonly<Record<string, string>>;
  missingSince: ReadonlyMap<string, number>;
  policy: Policy;
  /** Whether the backup volume goes with the Shard. */
  backupPolicy: Required<PvcPolicy>;
  /** Why no member with an empty volume may be created now; undefined when it may. */
  newcomersWait?: string;
  /** Why no pod may be created now, such as a missing Secret. */
  blocked?: string;
  nowMs: number;
}

/** Stamped when a pod is made or reloaded; a different value is drift, not a wrong label. */
const STAMPS = new Set<string>([
  ANNOTATIONS.specHash,
  ANNOTATIONS.postgresConfigHash,
  ANNOTATIONS.postgresReloadHash,
]);

const requested = (claim: KubeObject | undefined): string | undefined =>
  (claim?.spec as { resources?: { requests?: { storage?: string } } } | undefined)?.resources
    ?.requests?.storage;

/** A claim as it may be applied: never smaller than it is, class and modes as they are. */
export const claimToApply = (wanted: KubeObject, observed: KubeObject | undefined): KubeObject => {
  if (!observed) return wanted;
  const have = requested(observed);
  const want = requested(wanted);
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

const differences = (
  wanted: Readonly<Record<string, string>> | undefined,
  observed: Readonly<Record<string, string>> | undefined,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(wanted ?? {}).filter(
      ([key, value]) => !STAMPS.has(key) && observed?.[key] !== value,
    ),
  );

/** Labels, annotations and owner of a pod that somebody changed; nothing else of a pod can change. */
const podPatch = (wanted: Pod, observed: Pod, owner: KubeObject): unknown => {
  const labels = differences(wanted.metadata.labels, observed.metadata.labels);
  const annotations = differences(wanted.metadata.annotations, observed.metadata.annotations);
  const isOwned = observed.metadata.ownerReferences?.some((ref) => ref.uid === owner.metadata.uid);
  const metadata = {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(isOwned ? {} : { ownerReferences: [ownerReference(owner)] }),
  };
  return Object.keys(metadata).length > 0 ? { metadata } : undefined;
};

const imagesOf = (pod: Pod): string =>
  [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
    .map(({ name, image }) => `${name}=${image}`)
    .toSorted()
    .join(' ');

export const isDrifted = (wanted: Pod, observed: Pod): boolean =>
  wanted.metadata.annotations?.[ANNOTATIONS.specHash] !==
    observed.metadata.annotations?.[ANNOTATIONS.specHash] ||
  imagesOf(wanted) !== imagesOf(observed);

interface NodeShape {
  taints?: { key?: string }[];
}

/** Why nothing can run on this node any more; undefined when it may. */
export const nodeProof = (
  node: string | undefined,
  nodes: ReadonlyMap<string, KubeObject>,
): DeathProof | undefined => {
  if (node === undefined) return undefined;
  const found = nodes.get(node);
  if (!found) return 'node-deleted';
  const { taints } = (found.spec ?? {}) as NodeShape;
  return taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service')
    ? 'node-out-of-service'
    : undefined;
};

const deathOf = (input: PlanInput, pod: string): DeathProof | undefined => {
  const trace = input.traces.get(pod);
  if (!trace) return undefined;
  return trace.terminated ? 'containers-terminated' : nodeProof(trace.node, input.nodes);
};

const planMissing = (input: PlanInput, plan: Plan, wanted: DesiredPod): void => {
  const { dataPlane } = input;
  const proof = deathOf(input, wanted.name);
  const entry = dataPlane?.entries.get(wanted.serviceId);
  if (proof && entry && entry.record.lifecycle_status?.status !== 'LIFECYCLE_SHUTDOWN') {
    plan.steps.push({
      kind: 'mark-shutdown',
      pod: wanted.name,
      id: wanted.serviceId,
      proof,
      reason: 'its pod is gone and it did not say goodbye',
    });
  }
  if (input.blocked !== undefined) {
    plan.held.push({ pod: wanted.name, reason: input.blocked });
    return;
  }
  const lastRole = input.lastRoles[wanted.name];
  const decision = dataPlane
    ? holdBack({
        pod: wanted.name,
        id: wanted.serviceId,
        views: dataPlane.views,
        ...(lastRole === undefined ? {} : { lastRole }),
        missingMs: input.nowMs - (input.missingSince.get(wanted.name) ?? input.nowMs),
        policy: input.policy,
      })
    : { hold: false, reason: 'the shard has had no primary yet' };
  if (decision.hold) {
    plan.held.push({ pod: wanted.name, reason: decision.reason });
    return;
  }
  const object: Pod = {
    ...wanted.pod,
    metadata: { ...wanted.pod.metadata, ownerReferences: [ownerReference(input.owner)] },
  };
  plan.steps.push({ kind: 'create-pod', object, reason: `missing; ${decision.reason}` });
};

const ended = (pod: Pod): boolean =>
  pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';

const planPresent = (input: PlanInput, plan: Plan, wanted: DesiredPod, observed: Pod): void => {
  if (isTerminating(observed)) return;
  if (ended(observed)) {
    plan.steps.push({
      kind: 'delete-ended-pod',
      name: wanted.name,
      uid: observed.metadata.uid ?? '',
      reason: `the pod is ${observed.status?.phase ?? 'over'} and does not start again by itself`,
    });
    return;
  }
  const patch = podPatch(wanted.pod, observed, input.owner);
  if (patch !== undefined) {
    const reason = 'labels, annotations or owner were changed';
    plan.steps.push({ kind: 'patch-pod', name: wanted.name, patch, reason });
  }
  if (isDrifted(wanted.pod, observed)) plan.drifted.push(wanted.name);
};

/** Over the grace period, a kubelet that lives has ended the pod. */
const STUCK_AFTER_MS = 30_000;

const planStuck = (input: PlanInput, plan: Plan): void => {
  for (const [name, pod] of input.pods) {
    const { deletionTimestamp } = pod.metadata;
    if (deletionTimestamp === undefined) continue;
    // The time of deletion already lies at the end of the grace period.
    if (input.nowMs - Date.parse(deletionTimestamp) < STUCK_AFTER_MS) continue;
    const node = pod.spec?.nodeName;
    const proof = nodeProof(node, input.nodes);
    const reason = proof
      ? `node ${node ?? '?'} is gone: the pod garbage collector will remove it`
      : `node ${node ?? '?'} does not end it: if the machine is off, taint the node with node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`;
    plan.stuck.push({ pod: name, reason });
  }
};

/** Neither its pod nor its volume exists: it begins with a backup. */
export const isNewcomer = (
  { pods, claims }: Pick<PlanInput, 'pods' | 'claims'>,
  { name, pvc }: DesiredPod,
): boolean => !pods.has(name) && !claims.has(pvc.metadata.name);

export const planShard = (input: PlanInput): Plan => {
  const plan: Plan = { steps: [], held: [], drifted: [], surplus: [], stuck: [] };
  for (const object of input.objects) {
    const isClaim = object.kind === 'PersistentVolumeClaim';
    const observed = input.claims.get(object.metadata.name);
    const { whenDeleted } = input.backupPolicy;
    plan.steps.push({
      kind: 'apply',
      object: isClaim
        ? withPolicy(claimToApply(object, observed), whenDeleted, input.owner)
        : object,
      reason: 'child of the shard',
    });
  }
  for (const wanted of input.desired) {
    if (input.newcomersWait !== undefined && isNewcomer(input, wanted)) {
      plan.held.push({ pod: wanted.name, reason: input.newcomersWait });
      continue;
    }
    const claim = claimToApply(wanted.pvc, input.claims.get(wanted.pvc.metadata.name));
    const reason = `of pod ${wanted.name}`;
    const object = withPolicy(claim, wanted.pvcPolicy.whenDeleted, input.owner);
    plan.steps.push({ kind: 'apply', object, reason });
    plan.steps.push({ kind: 'apply', object: wanted.service, reason });
    const observed = input.pods.get(wanted.name);
    if (observed) planPresent(input, plan, wanted, observed);
    else planMissing(input, plan, wanted);
  }
  const names = new Set(input.desired.map(({ name }) => name));
  for (const name of input.pods.keys()) if (!names.has(name)) plan.surplus.push(name);
  plan.surplus.sort();
  planStuck(input, plan);
  return plan;
};
