/** Every write to a pod. */
import type { Pod } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import { isKubeError } from '../../../kube/errors.ts';
import { mayForceDelete } from '../guards/may-force-delete.ts';
import { clusterOf, rollingClusters } from '../gather/fleet.ts';
import type { ActionOf, Permit } from '../state/action.ts';
import { recordPatch } from '../state/phase.ts';
import type { Execution } from './context.ts';
import { logFields, Refusal } from './context.ts';
import { readProof } from './proof.ts';

/** Older than this a permission does not describe the shard any more. */
const PERMIT_MS = 10_000;

const podRef = ({ state }: Execution, name: string) => ({
  kind: KINDS.Pod,
  namespace: state.shard.metadata.namespace ?? '',
  name,
});

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

export const createPod = async (
  { deps }: Execution,
  { object }: ActionOf<'create-pod'>,
): Promise<boolean> => {
  try {
    await deps.kube.create(object);
    return true;
  } catch (error) {
    // The copy was behind: the next pass sees the pod.
    if (isKubeError(error, 'exists')) return false;
    throw error;
  }
};

export const patchPod = async (
  execution: Execution,
  { pod, patch }: ActionOf<'patch-pod'>,
): Promise<void> => {
  await execution.deps.kube.mergePatch(podRef(execution, pod), patch);
};

/** False when the fleet has no room: another cluster began a moment ago. */
export const setPhase = async (
  execution: Execution,
  { pod, record }: ActionOf<'set-phase'>,
): Promise<boolean> => {
  const { deps, state } = execution;
  if (record?.phase === 'requested' && record.purpose === 'replace') {
    const others = rollingClusters(deps, state.shard);
    if (!deps.fleet.reserve(clusterOf(state.shard), others)) return false;
  }
  await deps.kube.mergePatch(podRef(execution, pod), recordPatch(record));
  return true;
};

/** With its own grace period: the pooler says goodbye, and its record tells so. */
export const deletePod = async (
  execution: Execution,
  action: ActionOf<'delete-pod'>,
): Promise<void> => {
  checkPermit(execution, action);
  const { deps } = execution;
  const { pod, uid, record } = action;
  if (record) await deps.kube.mergePatch(podRef(execution, pod), recordPatch(record));
  deps.log.info({ ...logFields(execution), pod, reason: action.reason }, 'deleting a pod');
  await deps.kube.delete(podRef(execution, pod), { uid });
};

/** Of pods of which nothing runs, and of shards that go. */
export const deleteUnneeded = async (
  execution: Execution,
  { pod, uid, reason }: ActionOf<'delete-ended-pod' | 'delete-removed-pod'>,
): Promise<void> => {
  const { deps } = execution;
  deps.log.info({ ...logFields(execution), pod, reason }, 'deleting a pod');
  try {
    await deps.kube.delete(podRef(execution, pod), { uid });
  } catch (error) {
    if (!isKubeError(error, 'conflict', 'gone')) throw error;
  }
};

/** Without its kubelet, which cannot do it any more. The evidence is read live. */
export const forceDeletePod = async (
  execution: Execution,
  action: ActionOf<'force-delete-pod'>,
): Promise<void> => {
  const { deps } = execution;
  const pod = (await deps.kube.get(podRef(execution, action.pod))) as Pod | undefined;
  const proof = await readProof(execution, pod?.spec?.nodeName);
  const decision = mayForceDelete({ pod, uid: action.uid, ...(proof ? { proof } : {}) });
  if (!decision.ok) throw new Refusal(decision.refusal);
  const fields = { ...logFields(execution), pod: action.pod, reason: decision.reason };
  deps.log.warn(fields, 'removing a pod without its node');
  await deps.kube.delete(podRef(execution, action.pod), {
    uid: action.uid,
    gracePeriodSeconds: 0,
  });
};
