/**
 * Members whose process is proven dead while their record says that they live. Marked at once, the
 * orchestrators need not wait until the silence is noticed (13 to 19 s for a leader). Never on silence alone.
 */
import type { Action } from '../state/action.ts';
import { allContainersEnded, hasEnded, isShutdown } from '../state/lifecycle.ts';
import type { Member } from '../state/member.ts';
import { nodeProof, type DeathProof } from '../state/node.ts';
import { leaderOf, shardRule } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { hurried, type Planner } from './planner.ts';

/** Why nothing of this member runs; undefined when it may. */
const deathOf = (state: ShardState, member: Member): DeathProof | undefined => {
  const { pod, observed } = member;
  if (observed) {
    // A standby that restarts in place keeps its seat in the cohort; a leader's costs writes.
    const led = shardRule(state.members)?.leader_id?.name === member.id;
    const ended = hasEnded(observed) || allContainersEnded(observed);
    return led && ended ? 'containers-terminated' : undefined;
  }
  const trace = state.traces.get(pod);
  if (!trace) return undefined;
  return trace.terminated ? 'containers-terminated' : nodeProof(trace.node, state.objects.nodes);
};

export const planDeadMembers: Planner = (state) => {
  if (!state.started) return {};
  const marks = state.members.flatMap((member): Action[] => {
    const { pod, id, record } = member;
    if (!record || isShutdown(record) || !state.dataPlane.entries.has(id)) return [];
    const proof = deathOf(state, member);
    const reason = 'its process has ended, but its topology record says that it lives';
    return proof ? [{ kind: 'mark-shutdown', pod, id, proof, reason }] : [];
  });
  return { actions: [...marks, ...hurry(state)] };
};

/** The leader of the last rule is proven dead or said goodbye, and nobody leads yet. */
const hurry = (state: ShardState): Action[] => {
  const last = shardRule(state.members)?.leader_id?.name;
  const leader = state.members.find(({ id }) => id === last);
  if (!leader || leaderOf(state.members)) return [];
  const gone = isShutdown(leader.record) || deathOf(state, leader) !== undefined;
  return gone ? hurried(state, `primary ${leader.pod} is gone and nobody leads`) : [];
};
