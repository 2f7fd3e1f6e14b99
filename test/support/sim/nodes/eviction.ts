/** Evictions as the API server answers them, and `kubectl drain` on top. */
import type { KubeObject, Pod } from '../../../../schemas/k8s.ts';
import { KINDS } from '../../../../schemas/k8s.ts';
import type { ObjectKey, Written } from '../kube/api-server.ts';
import { notFound, Refusal } from '../kube/refusals.ts';
import type { Context } from './context.ts';
import { podRef, podsOn } from './context.ts';
import { isPodReady } from './controllers.ts';
import { expressionHolds } from './scheduler.ts';

interface Budget {
  minAvailable?: number;
  maxUnavailable?: number;
  selector?: {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
}

const selects = ({ selector = {} }: Budget, pod: KubeObject): boolean => {
  const labels = pod.metadata.labels ?? {};
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => expressionHolds(labels, expression))
  );
};

const isLeaving = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

/**
 * Deletes the pod if its budget allows: a ready one only when enough others stay, one that is not ready only
 * when enough are healthy as it is. Pods without a known owner have no budget in terms of `maxUnavailable`.
 * @throws Refusal 429 when it does not
 */
export function evict({ server }: Pick<Context, 'server'>, key: ObjectKey): Written {
  const pod = server.get({ ...key, kind: KINDS.Pod }) as Pod | undefined;
  if (!pod) throw notFound(KINDS.Pod, key.name);
  const budgets = server
    .list(KINDS.PodDisruptionBudget, key.namespace)
    .filter((budget) => selects(budget.spec as Budget, pod));
  if (budgets.length > 1) {
    const text =
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new Refusal(500, 'InternalError', text);
  }
  const [budget] = budgets;
  const isPending = pod.status?.phase === 'Pending';
  if (budget && !isPending && !isLeaving(pod)) {
    const spec = budget.spec as Budget;
    const healthy = (server.list(KINDS.Pod, key.namespace) as Pod[]).filter(
      (other) => selects(spec, other) && isPodReady(other) && !isLeaving(other),
    );
    const wanted = spec.minAvailable ?? Infinity;
    const allowed = isPodReady(pod) ? healthy.length > wanted : healthy.length >= wanted;
    if (!allowed) {
      const text = `Cannot evict pod as it would violate the pod's disruption budget.`;
      throw new Refusal(429, 'TooManyRequests', text);
    }
  }
  return server.delete({ ...key, kind: KINDS.Pod });
}

export interface Drain {
  node: string;
  /** Every pod has left; set by time. */
  done: boolean;
}

const RETRY_MS = 5000;
const LOOK_MS = 500;

/** `kubectl drain`: evicts all that is there now, tries again where a budget says no, waits for the end. */
export function drain(ctx: Context, node: string): Drain {
  const progress: Drain = { node, done: false };
  const uids = new Set(podsOn(ctx, node).map((pod) => pod.metadata.uid));
  const refusedAtMs = new Map<string, number>();
  const look = (): void => {
    const pods = podsOn(ctx, node).filter((pod) => uids.has(pod.metadata.uid));
    progress.done = pods.length === 0;
    if (progress.done) {
      ctx.tell(`drain of ${node} is done`);
      return;
    }
    for (const pod of pods.filter((one) => !isLeaving(one))) {
      const { name } = pod.metadata;
      const nowMs = ctx.clock.now();
      if (nowMs - (refusedAtMs.get(name) ?? -Infinity) < RETRY_MS) continue;
      try {
        evict(ctx, podRef(pod));
        ctx.tell(`evicted ${name} from ${node}`);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refusedAtMs.set(name, nowMs);
      }
    }
    ctx.clock.after(LOOK_MS, look);
  };
  ctx.clock.after(LOOK_MS, look);
  return progress;
}
