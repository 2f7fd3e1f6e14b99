/**
 * The Kubernetes around the operator, in virtual time: nodes with kubelets, scheduler, storage, garbage
 * collectors, Deployments, evictions; and what happens to nodes and pods from outside.
 */
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import { NODE_LABELS } from '../../../schemas/labels.ts';
import type { Context } from './nodes/context.ts';
import { podRef, podsOn } from './nodes/context.ts';
import {
  collectGarbage,
  collectPods,
  evictByTaints,
  NodeWatcher,
  runDeployments,
} from './nodes/controllers.ts';
import type { Drain } from './nodes/eviction.ts';
import { drain } from './nodes/eviction.ts';
import { Kubelet } from './nodes/kubelet.ts';
import type { NodeSpec } from './nodes/scheduler.ts';
import { Scheduler } from './nodes/scheduler.ts';
import { Storage } from './nodes/storage.ts';
import type { StartWorkload } from './nodes/workload.ts';

const OUT_OF_SERVICE = {
  key: 'node.kubernetes.io/out-of-service',
  value: 'nodeshutdown',
  effect: 'NoExecute',
};

export class SimNodes {
  readonly storage: Storage;
  readonly #ctx: Context;
  readonly #start: StartWorkload;
  readonly #watcher: NodeWatcher;
  readonly #kubelets = new Map<string, Kubelet>();
  readonly #zones = new Map<string, string>();
  /** Pods whose kubelet told that nothing of them runs any more. */
  readonly #ended = new Set<string>();

  constructor(ctx: Context, start: StartWorkload) {
    this.#ctx = ctx;
    this.#start = start;
    this.storage = new Storage(ctx);
    this.#watcher = new NodeWatcher(ctx);
    new Scheduler(ctx, this.storage);
    collectGarbage(ctx);
    collectPods(ctx);
    evictByTaints(ctx);
    runDeployments(ctx);
    ctx.server.onEvent(({ kind, object, type }) => {
      if (kind !== KINDS.Pod) return;
      if (type === 'ADDED') this.#ended.delete(object.metadata.name);
      else if (hasEnded(object as Pod)) this.#ended.add(object.metadata.name);
      this.#notify(object as Pod);
    });
  }

  get names(): string[] {
    return [...this.#kubelets.keys()];
  }

  /** A node of a zone, ready at once. */
  add(name: string, zone: string): void {
    this.#zones.set(name, zone);
    this.#register(name);
    this.#kubelets.set(name, new Kubelet(this.#ctx, name, this.#start));
  }

  #register(name: string): void {
    const labels = {
      [NODE_LABELS.zone]: this.#zones.get(name) ?? '',
      'kubernetes.io/hostname': name,
    };
    this.#ctx.server.create(KINDS.Node, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      spec: {},
    });
    this.#ctx.server.update({ kind: KINDS.Node, name }, (node) => ({
      ...node,
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }));
  }

  /** Whether processes on these two nodes can talk to each other. */
  linked(a: string, b: string): boolean {
    if (a === b) return true;
    return this.#kubelet(a).answers && this.#kubelet(b).answers;
  }

  isCut(node: string): boolean {
    return this.#kubelet(node).cut;
  }

  answers(node: string): boolean {
    return this.#kubelet(node).answers;
  }

  /** Whether a process of a pod of this name runs on any machine. */
  runs(pod: string): boolean {
    return [...this.#kubelets.values()].some((kubelet) => kubelet.runs(pod));
  }

  /** The API says that nothing can run on the node: its object is gone, or somebody marked it. */
  isDeclaredGone(name: string): boolean {
    const node = this.#ctx.server.get({ kind: KINDS.Node, name });
    const { taints = [] } = (node?.spec ?? {}) as NodeSpec;
    return !node || taints.some(({ key }) => key === OUT_OF_SERVICE.key);
  }

  /** The kubelet has reported the end of the last pod of this name. */
  sawEnd(pod: string): boolean {
    return this.#ended.has(pod);
  }

  /** The machine stops at once. */
  powerOff(name: string): void {
    this.#ctx.tell(`node ${name} loses its power`);
    this.#kubelet(name).powerOff();
    this.#watcher.lost(name);
  }

  powerOn(name: string): void {
    this.#ctx.tell(`node ${name} is switched on`);
    this.#kubelet(name).powerOn();
    this.#ctx.clock.after(this.#ctx.pace.boot, () => {
      if (!this.#ctx.server.get({ kind: KINDS.Node, name })) this.#register(name);
      this.#watcher.back(name);
    });
  }

  /** Its network breaks; what runs on it goes on. */
  cutOff(name: string): void {
    this.#ctx.tell(`node ${name} loses its network`);
    this.#kubelet(name).cutOff();
    this.#watcher.lost(name);
  }

  heal(name: string): void {
    this.#ctx.tell(`node ${name} has its network again`);
    this.#kubelet(name).heal();
    this.#watcher.back(name);
  }

  cordon(name: string, on = true): void {
    this.#ctx.tell(`${on ? 'cordon' : 'uncordon'} ${name}`);
    this.#spec(name, ({ unschedulable: _was, ...spec }) => ({
      ...spec,
      ...(on ? { unschedulable: true } : {}),
    }));
  }

  drain(name: string): Drain {
    this.cordon(name);
    return drain(this.#ctx, name);
  }

  /** Somebody who knows that the machine is off says so. */
  outOfService(name: string, on = true): void {
    this.#ctx.tell(`node ${name} is ${on ? '' : 'no longer '}marked out of service`);
    this.#spec(name, (spec) => {
      const others = (spec.taints ?? []).filter(({ key }) => key !== OUT_OF_SERVICE.key);
      return { ...spec, taints: on ? [...others, OUT_OF_SERVICE] : others };
    });
  }

  /** The node object goes; the machine has to be off. */
  remove(name: string): void {
    this.#ctx.tell(`node ${name} is deleted`);
    this.#ctx.server.remove({ kind: KINDS.Node, name });
  }

  pod(name: string): Pod | undefined {
    return this.pods().find((pod) => pod.metadata.name === name);
  }

  pods(): Pod[] {
    return this.#ctx.server.list(KINDS.Pod) as Pod[];
  }

  podsOn(node: string): Pod[] {
    return podsOn(this.#ctx, node);
  }

  /** kill -9 of all processes of a pod; the kubelet starts them again. */
  crash(name: string): void {
    const pod = this.pod(name);
    const node = pod?.spec?.nodeName;
    if (!pod || node === undefined) return;
    this.#ctx.tell(`kill -9 in ${name}`);
    this.#kubelet(node).crash(pod.metadata.uid ?? '');
  }

  /** The kubelet ends the pod for good, as when its disk is full. */
  evictByKubelet(name: string, reason = 'Evicted'): void {
    const pod = this.pod(name);
    const node = pod?.spec?.nodeName;
    if (!pod || node === undefined) return;
    this.#ctx.tell(`the kubelet evicts ${name}`);
    this.#kubelet(node).evict(pod.metadata.uid ?? '', reason);
  }

  /** `kubectl delete pod` by a person. */
  deletePod(name: string): void {
    const pod = this.pod(name);
    if (!pod) return;
    this.#ctx.tell(`a person deletes pod ${name}`);
    this.#ctx.server.delete(podRef(pod));
  }

  #kubelet(name: string): Kubelet {
    const found = this.#kubelets.get(name);
    if (!found) throw new Error(`there is no node ${name}`);
    return found;
  }

  #spec(name: string, change: (spec: NodeSpec) => NodeSpec): void {
    this.#ctx.server.update({ kind: KINDS.Node, name }, (node: KubeObject) => ({
      ...node,
      spec: change((node.spec ?? {}) as NodeSpec),
    }));
  }

  #notify(pod: Pod): void {
    const node = pod.spec?.nodeName;
    const uid = pod.metadata.uid ?? '';
    if (node === undefined || !this.#kubelets.has(node)) return;
    this.#ctx.clock.after(1, () => {
      this.#kubelet(node).sync(uid, this.#ctx.server.get(podRef(pod)) as Pod | undefined);
    });
  }
}

const hasEnded = (pod: Pod): boolean => {
  const containers = pod.status?.containerStatuses ?? [];
  return containers.length > 0 && containers.every(({ state }) => state?.terminated !== undefined);
};
