/** The controllers of Kubernetes that the operator lives with: nodes, garbage, Deployments. */
import type { KubeObject, Pod } from '../../../../schemas/k8s.ts';
import { KINDS } from '../../../../schemas/k8s.ts';
import { hashOf } from '../../../../schemas/canonical.ts';
import { kindOf } from '../../../../kube/api.ts';
import type { Context } from './context.ts';
import { podRef, podsOn, writePodStatus } from './context.ts';
import type { NodeSpec } from './scheduler.ts';
import { isNodeReady } from './scheduler.ts';

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
const COLLECT_MS = 200;
const DEPLOY_MS = 50;

const hasTaint = (node: KubeObject, key: string): boolean =>
  ((node.spec ?? {}) as NodeSpec).taints?.some((taint) => taint.key === key) ?? false;

/** Objects go with their owners. */
export function collectGarbage({ server, clock }: Context): void {
  server.onEvent(({ type, object: owner }) => {
    if (type !== 'DELETED') return;
    clock.after(COLLECT_MS, () => {
      for (const kind of Object.values(KINDS)) {
        for (const object of server.list(kind)) {
          const { ownerReferences = [], deletionTimestamp, namespace, name } = object.metadata;
          const isOwned = ownerReferences.some(({ uid }) => uid === owner.metadata.uid);
          if (!isOwned || ownerReferences.length > 1 || deletionTimestamp !== undefined) continue;
          server.delete({ kind, namespace, name });
        }
      }
    });
  });
}

/** Removes pods of nodes that are gone for good, or that somebody declared to be off. */
export function collectPods(ctx: Context): void {
  const { server, clock, pace } = ctx;
  const lostSince = new Map<string, number>();
  const look = (): void => {
    clock.after(pace.podCollector, look);
    const nodes = new Map(server.list(KINDS.Node).map((node) => [node.metadata.name, node]));
    for (const pod of server.list(KINDS.Pod) as Pod[]) {
      const { nodeName } = pod.spec ?? {};
      const uid = pod.metadata.uid ?? '';
      if (nodeName === undefined) continue;
      const node = nodes.get(nodeName);
      if (node) {
        const isLeaving = pod.metadata.deletionTimestamp !== undefined;
        const isOff = !isNodeReady(node) && hasTaint(node, OUT_OF_SERVICE);
        if (isLeaving && isOff) server.remove(podRef(pod));
        continue;
      }
      const sinceMs = lostSince.get(uid) ?? clock.now();
      lostSince.set(uid, sinceMs);
      if (clock.now() - sinceMs >= pace.orphanedPod) server.remove(podRef(pod));
    }
  };
  clock.after(pace.podCollector, look);
}

/** Pods that do not tolerate a taint of their node leave: at once, or after the usual five minutes. */
export function evictByTaints(ctx: Context): void {
  const { server } = ctx;
  server.onEvent(({ kind, type, object: node }) => {
    if (kind !== KINDS.Node || type !== 'MODIFIED' || !hasTaint(node, OUT_OF_SERVICE)) return;
    ctx.clock.after(1, () => {
      for (const pod of podsOn(ctx, node.metadata.name)) server.delete(podRef(pod));
    });
  });
}

/** What the control plane makes of a node that stopped or began to answer. */
export class NodeWatcher {
  readonly #ctx: Context;
  readonly #waiting = new Map<string, () => void>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  lost(node: string): void {
    const { clock, pace } = this.#ctx;
    this.#wait(node, pace.nodeUnknown, () => {
      this.#setReady(node, 'Unknown');
      for (const pod of podsOn(this.#ctx, node)) unready(this.#ctx, pod);
      this.#waiting.set(
        node,
        clock.after(pace.nodeEviction, () => {
          for (const pod of podsOn(this.#ctx, node)) this.#ctx.server.delete(podRef(pod));
        }),
      );
    });
  }

  back(node: string): void {
    this.#wait(node, 1000, () => this.#setReady(node, 'True'));
  }

  #wait(node: string, ms: number, fn: () => void): void {
    this.#waiting.get(node)?.();
    this.#waiting.set(node, this.#ctx.clock.after(ms, fn));
  }

  #setReady(name: string, status: 'True' | 'Unknown'): void {
    const key = 'node.kubernetes.io/unreachable';
    this.#ctx.server.update({ kind: KINDS.Node, name }, (node) => {
      const spec = (node.spec ?? {}) as NodeSpec;
      const others = (spec.taints ?? []).filter((taint) => taint.key !== key);
      const taints = status === 'True' ? others : [...others, { key, effect: 'NoExecute' }];
      return {
        ...node,
        spec: { ...spec, taints },
        status: { conditions: [{ type: 'Ready', status }] },
      };
    });
  }
}

function unready(ctx: Context, pod: Pod): void {
  writePodStatus(ctx, pod, ({ status }) => ({
    ...status,
    conditions: (status?.conditions ?? []).map((entry) =>
      entry.type === 'Ready' ? { ...entry, status: 'False', reason: 'NodeStatusUnknown' } : entry,
    ),
  }));
}

interface DeploymentSpec {
  replicas?: number;
  template: { metadata?: { labels?: Record<string, string> }; spec: Pod['spec'] };
}

/** Pods of Deployments: the number that is wanted, of the newest template, old ones first removed. */
export function runDeployments({ server, clock }: Context): void {
  const planned = new Set<string>();
  const sync = (namespace: string, name: string): void => {
    planned.delete(name);
    const key = { kind: KINDS.Deployment, namespace, name };
    const deployment = server.get(key);
    if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return;
    const { replicas = 1, template } = deployment.spec as DeploymentSpec;
    const { uid = '', generation = 1 } = deployment.metadata;
    const hash = hashOf(template).slice(0, 8);
    const mine = (server.list(KINDS.Pod, namespace) as Pod[]).filter((pod) =>
      pod.metadata.ownerReferences?.some((owner) => owner.uid === uid),
    );
    const current = mine.filter((pod) => pod.metadata.name.includes(`-${hash}-`));
    for (const pod of mine) {
      const isLeaving = pod.metadata.deletionTimestamp !== undefined;
      if (!current.includes(pod) && !isLeaving) server.delete(podRef(pod));
    }
    const living = current.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    for (const pod of living.slice(replicas)) server.delete(podRef(pod));
    if (mine.length === current.length) {
      for (let at = living.length; at < replicas; at += 1) {
        server.create(KINDS.Pod, podFor(deployment, `${name}-${hash}-${freeIndex(mine)}`));
      }
    }
    const ready = living.filter(isPodReady).length;
    const status = {
      observedGeneration: generation,
      replicas: living.length,
      readyReplicas: ready,
    };
    server.update(key, (object) => ({
      ...object,
      status: { ...status, availableReplicas: ready },
    }));
  };
  const plan = (namespace: string, name: string): void => {
    if (planned.has(name)) return;
    planned.add(name);
    clock.after(DEPLOY_MS, () => sync(namespace, name));
  };
  server.onEvent(({ kind, object }) => {
    const { namespace = '', name, ownerReferences = [] } = object.metadata;
    if (kind === KINDS.Deployment) plan(namespace, name);
    if (kind !== KINDS.Pod) return;
    for (const owner of ownerReferences) {
      if (owner.kind === 'Deployment') plan(namespace, owner.name);
    }
  });
}

const freeIndex = (pods: readonly Pod[]): number =>
  1 + Math.max(-1, ...pods.map((pod) => Number(pod.metadata.name.split('-').at(-1))));

export const isPodReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false;

function podFor(deployment: KubeObject, name: string): KubeObject {
  const { template } = deployment.spec as DeploymentSpec;
  const { apiVersion, kind } = deployment;
  const { namespace = '', uid = '' } = deployment.metadata;
  const owner = { apiVersion, kind, name: deployment.metadata.name, uid, controller: true };
  return {
    apiVersion: 'v1',
    kind: kindOf({ apiVersion: 'v1', kind: 'Pod' }).kind,
    metadata: { ...template.metadata, name, namespace, ownerReferences: [owner] },
    spec: template.spec,
  };
}
