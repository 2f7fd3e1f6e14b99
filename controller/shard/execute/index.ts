/**
 * Carries out a plan. What pods mount and resolve exists before them; a dead pooler is marked before its pod
 * returns; the one disruptive action comes last, and only with its guard's permission.
 */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { applyChildren, deleteObject, observedOf, type Failed } from '../../apply/children.ts';
import { requestedStorage } from '../../apply/claims.ts';
import { tellGrowth } from '../../apply/volumes.ts';
import { isDisruptive, type Action, type Plan } from '../state/action.ts';
import { ensureCertificates } from './certificates.ts';
import { deleteClaim, patchClaim } from './claims.ts';
import { logFields, Refusal, tell, type Effect, type Execution } from './context.ts';
import * as pods from './pods.ts';
import * as runtime from './rpc.ts';
import { shutDownRecord } from './topology.ts';

const EFFECTS: { [K in Action['kind']]: Effect<K> } = {
  /** All of them together, see `applyObjects`. */
  apply: () => false,
  'delete-object': async ({ deps }, { object }) => {
    await deleteObject(deps, object);
  },
  'create-pod': pods.createPod,
  'patch-pod': pods.patchPod,
  'set-phase': pods.setPhase,
  'delete-pod': pods.deletePod,
  'delete-ended-pod': pods.deleteUnneeded,
  'delete-removed-pod': pods.deleteUnneeded,
  'force-delete-pod': pods.forceDeletePod,
  'patch-claim': patchClaim,
  'delete-claim': deleteClaim,
  'mark-shutdown': shutDownRecord,
  'trigger-recovery': runtime.triggerRecovery,
  checkpoint: runtime.checkpoint,
  'switch-primary': runtime.switchPrimary,
  'leave-cohort': runtime.leaveCohort,
  'rejoin-cohort': runtime.rejoinCohort,
  reload: runtime.reload,
  backup: runtime.backup,
  certificates: async ({ deps, state, cache }) => {
    await ensureCertificates(deps, state.shard);
    cache.certificatesAtMs = deps.clock.now();
  },
};

const targetName = (action: Action): string => {
  if ('object' in action) return action.object.metadata.name;
  if ('pod' in action) return action.pod;
  return 'claim' in action ? action.claim : action.kind;
};

const attempt = async (execution: Execution, action: Action): Promise<Failed[]> => {
  const { deps, state } = execution;
  try {
    const perform = EFFECTS[action.kind] as Effect<Action['kind']>;
    if ((await perform(execution, action)) !== false) tell(execution, action.notice);
    return [];
  } catch (error) {
    if (error instanceof Refusal) {
      deps.log.info({ ...logFields(execution), action: action.kind }, error.message);
      return [];
    }
    const metadata = { name: targetName(action) };
    return [{ child: { ...state.shard, kind: action.kind, metadata }, error }];
  }
};

/** Kinds without which the kubelet retries a pod's volumes or names with growing pauses. */
const FIRST = new Set(['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'Service']);

/** Applies those that pods need; returns what failed, and how the others are applied. */
const applyObjects = async (
  { deps, state: { shard } }: Execution,
  objects: readonly KubeObject[],
): Promise<{ failed: Failed[]; rest: () => Promise<Failed[]> }> => {
  const first = objects.filter(({ kind }) => FIRST.has(kind));
  const second = objects.filter(({ kind }) => !FIRST.has(kind));
  const claims = first.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  const sizes = new Map(
    claims.map((claim) => [claim.metadata.name, requestedStorage(observedOf(deps, claim))]),
  );
  const { applied, failed } = await applyChildren(deps, shard, first);
  for (const { object, changed } of applied) {
    if (changed && object.kind === 'PersistentVolumeClaim') {
      tellGrowth(deps, shard, object, sizes.get(object.metadata.name));
    }
  }
  return { failed, rest: async () => (await applyChildren(deps, shard, second)).failed };
};

/** Calls and marks that must have happened before pods are made. */
const EARLY: ReadonlySet<Action['kind']> = new Set(['certificates', 'mark-shutdown'] as const);

/** Runs every action; one that fails does not keep the others back. Returns the failures. */
export const executePlan = async (execution: Execution, { actions }: Plan): Promise<Failed[]> => {
  const early = actions.filter(({ kind }) => EARLY.has(kind));
  const objects = actions.flatMap((action) => (action.kind === 'apply' ? [action.object] : []));
  const [marked, applied] = await Promise.all([
    Promise.all(early.map((action) => attempt(execution, action))),
    applyObjects(execution, objects),
  ]);
  const others = actions.filter(
    (action) => action.kind !== 'apply' && !EARLY.has(action.kind) && !isDisruptive(action),
  );
  const [done, rest] = await Promise.all([
    Promise.all(others.map((action) => attempt(execution, action))),
    applied.rest(),
  ]);
  const failed = [...marked.flat(), ...applied.failed, ...done.flat(), ...rest];
  const disruptive = actions.find(isDisruptive);
  return disruptive && failed.length === 0 ? attempt(execution, disruptive) : failed;
};
