/** Places pods on nodes: required node affinity, taints, volumes that cannot move, few pods of one group per node. */
import type { KubeObject, Pod } from '../../../../schemas/k8s.ts';
import { KINDS } from '../../../../schemas/k8s.ts';
import { LABELS } from '../../../../schemas/labels.ts';
import type { NodeSelectorTerm } from '../../../../controller/builders/scheduling.ts';
import type { Context } from './context.ts';
import { later, podRef, podsOn, writePodStatus } from './context.ts';
import type { Storage } from './storage.ts';

export interface NodeSpec {
  unschedulable?: boolean;
  taints?: { key: string; value?: string; effect: string }[];
}

const RETRY_MS = 1000;

type Expression = { key: string; operator: string; values?: string[] };

/** A node's or a pod's labels against a selector's expression. */
export function expressionHolds(
  labels: Readonly<Record<string, string>>,
  { key, operator, values = [] }: Expression,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      throw new Error(`the simulated cluster does not know the operator ${operator}`);
  }
}

function fitsAffinity(pod: Pod, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const affinity = pod.spec?.affinity?.['nodeAffinity'] as
    | {
        requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: NodeSelectorTerm[] };
      }
    | undefined;
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    terms === undefined ||
    terms.some(({ matchExpressions = [] }) =>
      matchExpressions.every((expression) => expressionHolds(labels, expression)),
    )
  );
}

export const isNodeReady = (node: KubeObject): boolean => {
  const { conditions = [] } = (node.status ?? {}) as {
    conditions?: { type: string; status: string }[];
  };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
};

const takesPods = (node: KubeObject): boolean => {
  const { unschedulable, taints = [] } = (node.spec ?? {}) as NodeSpec;
  return isNodeReady(node) && !unschedulable && taints.length === 0;
};

/** Pods of one component of one shard. */
const groupOf = ({ metadata: { labels = {} } }: KubeObject): string =>
  [LABELS.component, LABELS.cluster, LABELS.database, LABELS.shard]
    .map((key) => labels[key] ?? '')
    .join('/');

export class Scheduler {
  readonly #ctx: Context;
  readonly #storage: Storage;

  constructor(ctx: Context, storage: Storage) {
    this.#ctx = ctx;
    this.#storage = storage;
    ctx.server.onEvent(({ type, kind, object }) => {
      if (kind === KINDS.Pod && type === 'ADDED') {
        later(ctx, ctx.pace.schedule, () => this.#place(object.metadata.uid ?? '', object));
      }
    });
  }

  #place(uid: string, named: KubeObject): void {
    const pod = this.#ctx.server.get(podRef(named)) as Pod | undefined;
    if (!pod || pod.metadata.uid !== uid || pod.spec?.nodeName !== undefined) return;
    const why = this.#tryPlace(pod);
    if (why === undefined) return;
    writePodStatus(this.#ctx, pod, () => ({
      phase: 'Pending',
      conditions: [
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: why },
      ],
    }));
    this.#ctx.clock.after(RETRY_MS, () => this.#place(uid, named));
  }

  /** Why the pod cannot be placed now; undefined when it was. */
  #tryPlace(pod: Pod): string | undefined {
    const missing = this.#storage.missingClaim(pod);
    if (missing !== undefined) return `persistentvolumeclaim "${missing}" not found`;
    const group = groupOf(pod);
    const nodes = this.#ctx.server
      .list(KINDS.Node)
      .filter((node) => takesPods(node) && fitsAffinity(pod, node))
      .filter((node) => this.#storage.reaches(pod, node.metadata.name))
      .map((node) => {
        const there = podsOn(this.#ctx, node.metadata.name);
        const alike = there.filter((other) => groupOf(other) === group).length;
        return { name: node.metadata.name, cost: alike * 1000 + there.length };
      })
      .toSorted((a, b) => a.cost - b.cost || (a.name < b.name ? -1 : 1));
    const [best] = nodes;
    if (!best) return '0 nodes are available: none fits, is ready and holds the volumes of the pod';
    this.#storage.bind(pod, best.name);
    this.#ctx.server.update(podRef(pod), (current) => ({
      ...current,
      spec: { ...(current as Pod).spec, nodeName: best.name },
    }));
    return undefined;
  }
}
