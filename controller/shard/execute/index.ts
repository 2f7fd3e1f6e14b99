/**
 * Carries out a plan. What pods mount and resolve exists before them; a dead pooler is marked before its pod
 * returns; the one disruptive action comes last, and only with its guard's permission.
 */
import type { KubeObject } from '../../../schemas/k8s.ts';
import type { Failed } from '../../apply/children.ts';
import { deleteObject } from '../../apply/children.ts';
import type { Action, Plan } from '../state/action.ts';
import { isDisruptive } from '../state/action.ts';
import { ensureCertificates } from './certificates.ts';
import { deleteClaim, patchClaim } from './claims.ts';
import type { Execution } from './context.ts';
import { logFields, Refusal, tell } from './context.ts';
import { applyObjects } from './objects.ts';
import {
  createPod,
  deletePod,
  deleteUnneeded,
  forceDeletePod,
  patchPod,
  setPhase,
} from './pods.ts';
import {
  backup,
  leaveCohort,
  rejoinCohort,
  reload,
  switchPrimary,
  triggerRecovery,
} from './rpc.ts';
import { shutDownRecord } from './topology.ts';

const certificates = async ({ deps, state, cache }: Execution): Promise<void> => {
  await ensureCertificates(deps, state.shard);
  cache.certificatesAtMs = deps.clock.now();
};

/** The text of an Event in place of the action's own, or false when there was nothing to do. */
type Done = boolean | string | void;

const perform = async (execution: Execution, action: Action): Promise<Done> => {
  switch (action.kind) {
    case 'apply':
      return false;
    case 'delete-object':
      await deleteObject(execution.deps, action.object);
      return true;
    case 'create-pod':
      return createPod(execution, action);
    case 'patch-pod':
      return patchPod(execution, action);
    case 'set-phase':
      return setPhase(execution, action);
    case 'delete-pod':
      return deletePod(execution, action);
    case 'delete-ended-pod':
    case 'delete-removed-pod':
      return deleteUnneeded(execution, action);
    case 'force-delete-pod':
      return forceDeletePod(execution, action);
    case 'patch-claim':
      return patchClaim(execution, action);
    case 'delete-claim':
      return deleteClaim(execution, action);
    case 'mark-shutdown':
      return shutDownRecord(execution, action);
    case 'trigger-recovery':
      return triggerRecovery(execution);
    case 'switch-primary':
      return switchPrimary(execution, action);
    case 'leave-cohort':
      return leaveCohort(execution, action);
    case 'rejoin-cohort':
      return rejoinCohort(execution, action);
    case 'reload':
      return reload(execution, action);
    case 'backup':
      return backup(execution, action);
    case 'certificates':
      return certificates(execution);
  }
};

const targetName = (action: Action): string => {
  if ('object' in action) return action.object.metadata.name;
  if ('pod' in action) return action.pod;
  return 'claim' in action ? action.claim : action.kind;
};

const attempt = async (execution: Execution, action: Action): Promise<Failed[]> => {
  const { deps, state } = execution;
  try {
    const done = await perform(execution, action);
    if (done === false) return [];
    if (typeof done === 'string') {
      tell(execution, { type: 'Warning', reason: 'DeadPoolersMarked', message: done });
    }
    tell(execution, action.notice);
    return [];
  } catch (error) {
    if (error instanceof Refusal) {
      deps.log.info({ ...logFields(execution), action: action.kind }, error.message);
      return [];
    }
    const child: KubeObject = {
      ...state.shard,
      kind: action.kind,
      metadata: { name: targetName(action) },
    };
    return [{ child, error }];
  }
};

/** Calls and marks that must have happened before pods are made. */
const EARLY: ReadonlySet<Action['kind']> = new Set<Action['kind']>([
  'certificates',
  'mark-shutdown',
]);

/** Runs every action; one that fails does not keep the others back. Returns the failures. */
export const executePlan = async (execution: Execution, plan: Plan): Promise<Failed[]> => {
  const { actions } = plan;
  const failed: Failed[] = [];
  const early = actions.filter(({ kind }) => EARLY.has(kind));
  const objects = actions.flatMap((action) => (action.kind === 'apply' ? [action.object] : []));
  const [marked, applied] = await Promise.all([
    Promise.all(early.map((action) => attempt(execution, action))),
    applyObjects(execution, objects),
  ]);
  failed.push(...marked.flat(), ...applied.failed);
  const others = actions.filter(
    (action) => action.kind !== 'apply' && !EARLY.has(action.kind) && !isDisruptive(action),
  );
  const [done, rest] = await Promise.all([
    Promise.all(others.map((action) => attempt(execution, action))),
    applied.rest(),
  ]);
  failed.push(...done.flat(), ...rest);
  const disruptive = actions.find(isDisruptive);
  if (disruptive && failed.length === 0) failed.push(...(await attempt(execution, disruptive)));
  return failed;
};
