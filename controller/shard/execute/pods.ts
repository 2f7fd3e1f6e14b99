/** Every write to a pod. */
import type { Pod } from '../../../schemas/k8s.ts';
import { isKubeError } from '../../../kube/errors.ts';
import { mayForceDelete } from '../guards/may-force-delete.ts';
import { clusterOf, rollingClusters } from '../gather/objects.ts';
import type { ActionOf, Permit } from '../state/action.ts';
import { recordPatch, type PhaseRecord } from '../state/phase.ts';
import type { Effect, Execution } from './context.ts';
import { deleteAsJudged, logFields, readProof, Refusal, refTo } from './context.ts';

/** Older than this a permission does not describe the shard any more. */
const PERMIT_MS = 10_000;

/** Writes down how far a pod is on its way out. */
export const writePhase = (
  execution: Execution,
  pod: string,
  record: PhaseRecord | undefined,
): Promise<unknown> =>
  execution.deps.kube.mergePatch(refTo(execution, 'Pod', pod), recordPatch(record));

/** The last look before something is taken away: who was permitted must be who is meant. */
export const checkPermit = (
  execution: Execution,
  action: { kind: string; pod: string; uid?: string; permit?: Permit },
): void => {
  const { deps, state } = execution;
  const { permit, pod } = action;
  const observed = state.objects.pods.get(pod);
  const uid = observed?.metadata.uid;
  const no = (why: string): Refusal => new Refusal(`${action.kind} ${pod} refused: ${why}`);
  if (!permit) throw no('no guard permitted it');
  if (permit.pod !== pod || permit.uid !== uid) throw no('the permission is for another pod');
  if (action.uid !== undefined && action.uid !== uid) throw no('the pod is another one by now');
  if (deps.clock.now() - permit.readAtMs > PERMIT_MS) throw no('the permission is too old');
};

export const createPod: Effect<'create-pod'> = async ({ deps }, { object }) => {
  try {
    await deps.kube.create(object);
    return true;
  } catch (error) {
    // The copy was behind: the next pass sees the pod.
    if (isKubeError(error, 'exists')) return false;
    throw error;
  }
};

export const patchPod: Effect<'patch-pod'> = async (execution, { pod, patch }) => {
  await execution.deps.kube.mergePatch(refTo(execution, 'Pod', pod), patch);
};

/** False when the fleet has no room: another cluster began a moment ago. */
export const setPhase: Effect<'set-phase'> = async (execution, { pod, record }) => {
  const { deps, state } = execution;
  if (record?.phase === 'requested' && record.purpose === 'replace') {
    const others = rollingClusters(deps, state.shard);
    if (!deps.fleet.reserve(clusterOf(state.shard), others)) return false;
  }
  await writePhase(execution, pod, record);
  return true;
};

/** With its own grace period: the pooler says goodbye, and its record tells so. */
export const deletePod: Effect<'delete-pod'> = async (execution, action) => {
  checkPermit(execution, action);
  const { deps } = execution;
  const { pod, uid, record, reason } = action;
  if (record) await writePhase(execution, pod, record);
  deps.log.info({ ...logFields(execution), pod, reason }, 'deleting a pod');
  await deps.kube.delete(refTo(execution, 'Pod', pod), { uid });
};

/** Of pods of which nothing runs, and of shards that go. */
export const deleteUnneeded = async (
  execution: Execution,
  { pod, uid, reason }: ActionOf<'delete-ended-pod' | 'delete-removed-pod'>,
): Promise<void> => {
  execution.deps.log.info({ ...logFields(execution), pod, reason }, 'deleting a pod');
  await deleteAsJudged(execution, refTo(execution, 'Pod', pod), { uid });
};

/** Without its kubelet, which cannot do it any more. The evidence is read live. */
export const forceDeletePod: Effect<'force-delete-pod'> = async (execution, { pod: name, uid }) => {
  const { deps } = execution;
  const ref = refTo(execution, 'Pod', name);
  const pod = (await deps.kube.get(ref)) as Pod | undefined;
  const proof = await readProof(execution, pod?.spec?.nodeName);
  const decision = mayForceDelete({ pod, uid, ...(proof ? { proof } : {}) });
  if (!decision.ok) throw new Refusal(decision.refusal);
  const fields = { ...logFields(execution), pod: name, reason: decision.reason };
  deps.log.warn(fields, 'removing a pod without its node');
  await deps.kube.delete(ref, { uid, gracePeriodSeconds: 0 });
};
