/** One machine and its kubelet: starts, watches and ends the processes of the pods that are bound to it. */
import type { Pod } from '../../../../schemas/k8s.ts';
import { KINDS } from '../../../../schemas/k8s.ts';
import { timeText } from '../kube/api-server.ts';
import type { Context } from './context.ts';
import { later, podRef, podsOn, writePodStatus } from './context.ts';
import type { PodReport, StartWorkload, Workload } from './workload.ts';
import { mountsOf, podStatus } from './workload.ts';

/** A pod as this machine knows it; `workload` is there while processes run. */
interface Local {
  pod: Pod;
  workload?: Workload;
  /** What follows the end of the processes; present once they were told to stop. */
  onEnd?: () => void;
  /** Why it was ended for good. */
  evicted?: string;
  restarts: number;
  startedMs: number;
}

const MOUNT_RETRY_MS = 2000;
const RESTART_MS = 1000;

export class Kubelet {
  readonly name: string;
  readonly #ctx: Context;
  readonly #start: StartWorkload;
  readonly #local = new Map<string, Local>();
  #powered = true;
  #cut = false;

  constructor(ctx: Context, name: string, start: StartWorkload) {
    this.#ctx = ctx;
    this.name = name;
    this.#start = start;
  }

  get powered(): boolean {
    return this.#powered;
  }

  /** Its network is gone: processes go on, nobody reaches them. */
  get cut(): boolean {
    return this.#cut;
  }

  get answers(): boolean {
    return this.#powered && !this.#cut;
  }

  /** Whether a process of a pod of this name runs here. */
  runs(pod: string): boolean {
    return [...this.#local.values()].some(
      (local) => local.workload !== undefined && local.pod.metadata.name === pod,
    );
  }

  powerOff(): void {
    this.#powered = false;
    for (const local of this.#local.values()) {
      local.workload?.kill();
      delete local.workload;
      delete local.onEnd;
    }
  }

  powerOn(): void {
    this.#ctx.clock.after(this.#ctx.pace.boot, () => {
      this.#powered = true;
      for (const local of this.#local.values()) local.restarts += 1;
      this.#syncAll();
    });
  }

  cutOff(): void {
    this.#cut = true;
  }

  heal(): void {
    this.#cut = false;
    this.#syncAll();
  }

  /** kill -9 of a pod's processes; the kubelet starts them again. */
  crash(uid: string, code = 137): void {
    const local = this.#local.get(uid);
    if (!local?.workload) return;
    local.workload.kill();
    this.#exited(local, code);
  }

  /** Ends a pod for good, as for a lack of disk or at the shutdown of the machine. */
  evict(uid: string, reason: string): void {
    const local = this.#local.get(uid);
    if (!local) return;
    local.evicted = reason;
    this.#stop(local, () => this.#report(local, ended('Failed', local, reason)));
  }

  /** Looks at one pod: `uid` is of the object that was, `pod` is what the API has now. */
  sync(uid: string, pod: Pod | undefined): void {
    if (!this.answers) return;
    const known = this.#local.get(uid);
    if (!pod || pod.metadata.uid !== uid) {
      if (known) this.#stop(known, () => this.#local.delete(uid));
      return;
    }
    const local = known ?? { pod, restarts: 0, startedMs: 0 };
    local.pod = pod;
    this.#local.set(uid, local);
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate(local);
    else if (!known && !isOver(pod)) this.#prepare(local);
  }

  /** After a time without news: of the machine for the API, of the API for the machine. */
  #syncAll(): void {
    const bound = new Map(podsOn(this.#ctx, this.name).map((pod) => [pod.metadata.uid ?? '', pod]));
    for (const uid of new Set([...this.#local.keys(), ...bound.keys()])) {
      const pod = bound.get(uid);
      const local = this.#local.get(uid);
      this.sync(uid, pod);
      if (!pod || !local || pod.metadata.deletionTimestamp !== undefined || isOver(pod)) continue;
      if (local.workload) this.#report(local, running(local));
      else if (local.evicted) this.#report(local, ended('Failed', local, local.evicted));
      else this.#prepare(local);
    }
  }

  /** Waits until everything that the pod mounts is there, then starts it. */
  #prepare(local: Local): void {
    const { server, pace, clock } = this.#ctx;
    const { namespace } = local.pod.metadata;
    const { secrets, configMaps } = mountsOf(local.pod);
    const missing = [
      ...secrets.filter((name) => !server.get({ kind: KINDS.Secret, namespace, name })),
      ...configMaps.filter((name) => !server.get({ kind: KINDS.ConfigMap, namespace, name })),
    ];
    const state = { waiting: { reason: 'ContainerCreating' } };
    this.#report(local, { phase: 'Pending', ready: false, state, restarts: local.restarts });
    if (missing.length === 0) later(this.#ctx, pace.startContainers, () => this.#run(local));
    else clock.after(MOUNT_RETRY_MS, () => this.#isWanted(local) && this.#prepare(local));
  }

  #run(local: Local): void {
    if (!this.#isWanted(local)) return;
    const hooks = {
      changed: () => {
        later(this.#ctx, this.#ctx.pace.probe, () => {
          if (local.workload && !local.onEnd) this.#report(local, running(local));
        });
      },
      exited: (code: number) => this.#exited(local, code),
    };
    local.startedMs = this.#ctx.clock.now();
    local.workload = this.#start(local.pod, this.name, hooks);
    this.#report(local, running(local));
  }

  #isWanted(local: Local): boolean {
    const known = this.#local.get(local.pod.metadata.uid ?? '') === local;
    return this.#powered && known && !local.onEnd && !local.evicted && !local.workload;
  }

  #exited(local: Local, code: number): void {
    delete local.workload;
    if (local.onEnd) return this.#end(local);
    local.restarts += 1;
    const state = { terminated: { exitCode: code } };
    this.#report(local, { phase: 'Running', ready: false, state, restarts: local.restarts });
    const waitMs = RESTART_MS * 2 ** Math.min(local.restarts - 1, 6);
    this.#ctx.clock.after(waitMs, () => this.#run(local));
  }

  /** SIGTERM, and SIGKILL at the end of the grace period; then what was wished for last. */
  #stop(local: Local, onEnd: () => void): void {
    const { workload } = local;
    if (!workload) return onEnd();
    const isStopping = local.onEnd !== undefined;
    local.onEnd = onEnd;
    if (isStopping) return;
    const { deletionGracePeriodSeconds } = local.pod.metadata;
    const graceS =
      deletionGracePeriodSeconds ?? local.pod.spec?.terminationGracePeriodSeconds ?? 30;
    const finish = (): void => {
      cancel();
      if (local.workload === workload) this.#end(local);
    };
    const cancel = this.#ctx.clock.after(graceS * 1000, () => {
      workload.kill();
      finish();
    });
    workload.terminate(finish);
  }

  #end(local: Local): void {
    const { onEnd } = local;
    delete local.workload;
    delete local.onEnd;
    onEnd?.();
  }

  #terminate(local: Local): void {
    const uid = local.pod.metadata.uid ?? '';
    this.#stop(local, () => {
      this.#report(local, ended('Succeeded', local));
      later(this.#ctx, this.#ctx.pace.removePod, () => {
        if (!this.answers) return;
        this.#local.delete(uid);
        const current = this.#ctx.server.get(podRef(local.pod));
        if (current?.metadata.uid === uid) this.#ctx.server.remove(podRef(local.pod));
      });
    });
  }

  #report(local: Local, report: PodReport): void {
    if (!this.answers) return;
    writePodStatus(this.#ctx, local.pod, (pod) => podStatus(pod, report));
  }
}

const isOver = (pod: Pod): boolean =>
  pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';

const running = (local: Local): PodReport => ({
  phase: 'Running',
  ready: local.workload?.ready() ?? false,
  state: { running: { startedAt: timeText(local.startedMs) } },
  restarts: local.restarts,
});

const ended = (phase: 'Succeeded' | 'Failed', local: Local, reason?: string): PodReport => ({
  phase,
  ready: false,
  state: { terminated: { exitCode: phase === 'Succeeded' ? 0 : 137 } },
  restarts: local.restarts,
  ...(reason === undefined ? {} : { reason }),
});
