/** Members whose process has ended: the runtime is told, and pods that nobody else ends are removed. */
import { isTerminating } from '../../observe/pods.ts';
import type { Action, Plan } from '../state/action.ts';
import { allContainersEnded, hasEnded, isShutdown, overdueMs } from '../state/lifecycle.ts';
import type { Member } from '../state/member.ts';
import { NODE_PROOFS, nodeProof, type DeathProof } from '../state/node.ts';
import { leaderOf, shardRule } from '../state/roles.ts';
import type { ShardState } from '../state/state.ts';
import { hurried, merged, type Planner } from './planner.ts';

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

/**
 * Members whose process is proven dead while their record says that they live. Marked at once, the
 * orchestrators need not wait until the silence is noticed (13 to 19 s for a leader). Never on silence alone.
 */
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

/** Over the grace period, a kubelet that lives has ended the pod. */
const STUCK_AFTER_MS = 30_000;

const endedPod = (state: ShardState, { pod, observed }: Member): Partial<Plan> => {
  if (!observed) return {};
  const uid = observed.metadata.uid ?? '';
  const node = observed.spec?.nodeName;
  const proof = nodeProof(node, state.objects.nodes);
  if (proof) {
    const reason = `node ${node ?? '?'} ${NODE_PROOFS[proof]}`;
    const message = `${pod} is removed without its node's help: ${reason}`;
    const notice = { type: 'Warning', reason: 'StuckTerminating', message } as const;
    return { actions: [{ kind: 'force-delete-pod', pod, uid, proof, reason, notice }] };
  }
  if (isTerminating(observed)) {
    if (overdueMs(observed, state.nowMs) < STUCK_AFTER_MS) return {};
    const reason = `node ${node ?? '?'} does not end it: if the machine is off, taint the node with node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`;
    return { stuck: [{ pod, reason }] };
  }
  if (!hasEnded(observed)) return {};
  const phase = observed.status?.phase ?? 'over';
  const reason = `the pod is ${phase} and does not start again by itself`;
  return { actions: [{ kind: 'delete-ended-pod', pod, uid, reason }] };
};

/** Pods that came to their end, and those that nobody ends. */
export const planEndedPods: Planner = (state) =>
  merged(state.members.map((member) => endedPod(state, member)));
