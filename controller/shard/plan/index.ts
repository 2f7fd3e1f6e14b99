/** From a state to a list of actions: every reason to act, in its order, and at most one disruption. */
import { isDisruptive, type Plan } from '../state/action.ts';
import type { ShardState } from '../state/state.ts';
import { planClaims } from './claims.ts';
import { planCreatePods } from './create-pods.ts';
import { planDeletion } from './delete-shard.ts';
import { planDeadMembers, planEndedPods } from './ended.ts';
import { planFreshBackup } from './fresh-backup.ts';
import { planLeaving } from './leaving.ts';
import { planLostVolumes } from './lost-volumes.ts';
import { planMetadata } from './metadata.ts';
import { planCertificates, planObjects } from './objects.ts';
import { merged, type Planner } from './planner.ts';
import { planReload } from './reload.ts';
import { planMovePrimary, planReplace, planScaleDown, planSwitchover } from './requests.ts';

/** Keep the shard as it is; none of them takes anything away that may be of use. */
const KEEPING: readonly Planner[] = [
  planCertificates,
  planObjects,
  planClaims,
  planDeadMembers,
  planEndedPods,
  planLostVolumes,
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
    if (part.actions?.length || part.needsReading || part.doing?.length) break;
  }
  return merged(parts);
};

const planKept = (state: ShardState): Plan =>
  state.desired
    ? merged([...KEEPING.map((planner) => planner(state)), firstTurn(state)])
    : merged([]);

export const planShard = (state: ShardState): Plan => {
  // The end of a Shard that is deleted itself does not wait: its pods are collected as well.
  if (state.removal === 'deleting') return merged([planDeletion(state)]);
  const plan = state.removal ? merged([planDeletion(state)]) : planKept(state);
  const disruption = plan.actions.find(isDisruptive);
  const actions = plan.actions.filter((action) => !isDisruptive(action) || action === disruption);
  // Nothing is written for a paused shard; what would be done is told all the same.
  return { ...plan, actions: state.paused ? [] : actions };
};
