/** What every file of plan/ exports: one reason to act. Pure: the same state gives the same actions. */
import type { Action, Plan } from '../state/action.ts';
import type { ShardState } from '../state/state.ts';

export type Planner = (state: ShardState) => Partial<Plan>;

/** The parts of several planners, in their order. */
export const merged = (parts: readonly Partial<Plan>[]): Plan => ({
  actions: parts.flatMap(({ actions = [] }) => actions),
  held: parts.flatMap(({ held = [] }) => held),
  stuck: parts.flatMap(({ stuck = [] }) => stuck),
  doing: parts.flatMap(({ doing = [] }) => doing),
  blocked: parts.flatMap(({ blocked = [] }) => blocked),
  needsReading: parts.some(({ needsReading = false }) => needsReading),
});

/** Nobody leads: orchestrators need not wait out their grace period. */
export const hurried = ({ jobs }: ShardState, reason: string): Action[] =>
  jobs.has('trigger-recovery') ? [] : [{ kind: 'trigger-recovery', reason }];
