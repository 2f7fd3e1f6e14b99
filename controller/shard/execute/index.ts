/** Carries out a plan. Order matters only between waves: what pods mount and resolve exists before them. */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import { isKubeError } from '../../../kube/errors.ts';
import type { Failed } from '../../apply/children.ts';
import { applyChildren, observedOf } from '../../apply/children.ts';
import { requestedStorage, tellGrowth } from '../../apply/volumes.ts';
import type { EtcdClient } from '../../topo/client.ts';
import { markShutdown } from '../guards/may-mark-shutdown.ts';
import type { DataPlane } from '../gather/data-plane.ts';
import type { Plan, Step } from '../plan/plan.ts';

export interface Execution {
  deps: Deps;
  shard: Shard;
  dataPlane?: DataPlane;
  /** Of the topology server that holds a cell's poolers. */
  clientOf: (cell: string) => Promise<EtcdClient | undefined>;
}

/** Kinds without which the kubelet retries a pod's volumes or names with growing pauses. */
const FIRST = new Set(['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'Service']);

const stepObject = (step: Step): KubeObject[] => (step.kind === 'apply' ? [step.object] : []);

const podRef = (shard: Shard, name: string) => ({
  kind: KINDS.Pod,
  namespace: shard.metadata.namespace ?? '',
  name,
});

const createPod = async (
  { deps, shard }: Execution,
  step: Extract<Step, { kind: 'create-pod' }>,
): Promise<void> => {
  try {
    await deps.kube.create(step.object);
  } catch (error) {
    // The copy was behind: the next pass sees the pod.
    if (isKubeError(error, 'exists')) return;
    throw error;
  }
  deps.events.event(shard, 'Normal', 'PodCreated', `${step.object.metadata.name}: ${step.reason}`);
};

const shutdown = async (
  { deps, shard, dataPlane, clientOf }: Execution,
  step: Extract<Step, { kind: 'mark-shutdown' }>,
): Promise<void> => {
  const entry = dataPlane?.entries.get(step.id);
  const client = await clientOf(entry?.record.id?.cell ?? '');
  if (!entry || !client) return;
  // Not from the copy: a pod that came back a moment ago must be seen.
  const pod = (await deps.kube.get(podRef(shard, step.pod))) ? 'present' : 'absent';
  const evidence = { pod, proof: step.proof } as const;
  const { marked, reason } = await markShutdown(client, entry, evidence, deps.clock.now());
  const text = `${step.pod} (${step.id}): ${reason}`;
  if (marked) deps.events.event(shard, 'Warning', 'DeadPoolersMarked', text);
  else
    deps.log.info(
      { ns: shard.metadata.namespace, shard: shard.metadata.name, text },
      'not marked SHUTDOWN',
    );
};

const runStep = async (execution: Execution, step: Step): Promise<void> => {
  const { deps, shard } = execution;
  switch (step.kind) {
    case 'apply':
      return;
    case 'create-pod':
      return createPod(execution, step);
    case 'patch-pod':
      await deps.kube.mergePatch(podRef(shard, step.name), step.patch);
      return;
    case 'delete-ended-pod':
      await deps.kube.delete(podRef(shard, step.name), { uid: step.uid });
      return;
    case 'mark-shutdown':
      return shutdown(execution, step);
  }
};

/** Runs every step; one that fails does not keep the others back. Returns the failures. */
export const executePlan = async (execution: Execution, plan: Plan): Promise<Failed[]> => {
  const { deps, shard } = execution;
  const objects = plan.steps.flatMap(stepObject);
  const first = objects.filter(({ kind }) => FIRST.has(kind));
  const second = objects.filter(({ kind }) => !FIRST.has(kind));
  const claims = first.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  const sizes = new Map(
    claims.map((claim) => [claim.metadata.name, requestedStorage(observedOf(deps, claim))]),
  );
  const { applied: prepared, failed } = await applyChildren(deps, shard, first);
  for (const { object, changed } of prepared) {
    if (changed && object.kind === 'PersistentVolumeClaim') {
      tellGrowth(deps, shard, object, sizes.get(object.metadata.name));
    }
  }

  // Before the pod returns: a new process overwrites the record anyway.
  const marks = plan.steps.filter(({ kind }) => kind === 'mark-shutdown');
  const others = plan.steps.filter(({ kind }) => kind !== 'mark-shutdown' && kind !== 'apply');
  const attempt = async (step: Step): Promise<void> => {
    try {
      await runStep(execution, step);
    } catch (error) {
      const name = 'object' in step ? step.object.metadata.name : step.kind;
      failed.push({ child: { ...shard, kind: step.kind, metadata: { name } }, error });
    }
  };
  for (const step of marks) await attempt(step);
  const applied = applyChildren(deps, shard, second);
  await Promise.all(others.map(attempt));
  return [...failed, ...(await applied).failed];
};
