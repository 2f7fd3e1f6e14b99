/** Pods that came to their end, and those that nobody ends. */
import { isTerminating } from '../../observe/pods.ts';
import type { Plan } from '../state/action.ts';
import { hasEnded, overdueMs } from '../state/lifecycle.ts';
import type { Member } from '../state/member.ts';
import { NODE_PROOFS, nodeProof } from '../state/node.ts';
import type { ShardState } from '../state/state.ts';
import { merged, type Planner } from './planner.ts';

/** Over the grace period, a kubelet that lives has ended the pod. */
const STUCK_AFTER_MS = 30_000;

const planMember = (state: ShardState, { pod, observed }: Member): Partial<Plan> => {
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

export const planEndedPods: Planner = (state) =>
  merged(state.members.map((member) => planMember(state, member)));
