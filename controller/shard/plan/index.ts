/** From a state to a list of actions: every reason to act, in its order, and at most one disruption. */
import type { Action, Plan } from '../state/action.ts';
import { emptyPlan, isDisruptive } from '../state/action.ts';
import type { ShardState } from '../state/state.ts';
import { planCertificates } from './certificates.ts';
import { planClaims } from './claims.ts';
import { planCreatePods } from './create-pods.ts';
import { planDeadMembers } from './dead-members.ts';
import { planDeletion } from './delete-shard.ts';
import { planEndedPods } from './ended-pods.ts';
import { planFreshBackup } from './fresh-backup.ts';
import { planLeaving } from './leaving.ts';
import { planMetadata } from './metadata.ts';
import { planMovePrimary } from './move-primary.ts';
import { planObjects } from './objects.ts';
import type { Planner } from './planner.ts';
import { merged } from './planner.ts';
import { planReload } from './reload.ts';
import { planReplace } from './replace.ts';
import { planScaleDown } from './scale-down.ts';
import { planSwitchover } from './switchover.ts';

/** Keep the shard as it is; none of them takes anything away that may be of use. */
const KEEPING: readonly Planner[] = [
  planCertificates,
  planObjects,
  planClaims,
  planDeadMembers,
  planEndedPods,
  planFreshBackup,
  planCreatePods,
  planMetadata,
  planReload,
];

/** Take something away. The first that has something to say about a member has the turn. */
const LEAVING: readonly Planner[] = [
  planLeaving,
  planSwitchover,
  planMovePrimary,
  planReplace,
  planScaleDown,
];

const firstTurn = (state: ShardState): Partial<Plan> => {
  const parts: Partial<Plan>[] = [];
  for (const planner of LEAVING) {
    const part = planner(state);
    parts.push(part);
    if ((part.actions ?? []).length > 0 || part.needsReading || (part.doing ?? []).length > 0)
      break;
  }
  return merged(parts);
};

const oneDisruption = (actions: readonly Action[]): Action[] => {
  let taken = false;
  return actions.filter((action) => {
    if (!isDisruptive(action)) return true;
    if (taken) return false;
    taken = true;
    return true;
  });
};

export const planShard = (state: ShardState): Plan => {
  if (state.removal) return merged([planDeletion(state)]);
  if (!state.desired) return emptyPlan();
  const plan = merged([...KEEPING.map((planner) => planner(state)), firstTurn(state)]);
  // Nothing is written for a paused shard; what would be done is told all the same.
  return { ...plan, actions: state.paused ? [] : oneDisruption(plan.actions) };
};
