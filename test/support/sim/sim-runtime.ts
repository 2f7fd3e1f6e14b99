/** A simulated shard of Multigres: what its pods run, its topology, its backups, and a client that writes. */
import type { Pod } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { Rpc } from '../../../controller/rpc/client.ts';
import { FILES } from '../../../controller/shard/desired/paths.ts';
import type { Context } from './nodes/context.ts';
import { later } from './nodes/context.ts';
import type { StartWorkload, Workload, WorkloadHooks } from './nodes/workload.ts';
import type { ShardContext } from './runtime/context.ts';
import { Etcd } from './runtime/etcd.ts';
import { Orchestrator } from './runtime/orch.ts';
import { Pooler } from './runtime/pooler.ts';
import { Repository } from './runtime/repository.ts';
import { createSimRpc } from './runtime/rpc.ts';
import { Writer } from './runtime/writer.ts';
import type { Session } from './session.ts';
import type { SimNodes } from './sim-nodes.ts';

export interface RuntimeOptions {
  /** Object name of the Shard. */
  shard: string;
  namespace: string;
  root: string;
  shardKey: ShardContext['shardKey'];
  policy: string;
  removesIneligible: boolean;
  keepsLog: boolean;
}

export class SimRuntime {
  readonly ctx: ShardContext;
  readonly writer: Writer;
  readonly #options: RuntimeOptions;
  readonly #listeners = new Set<() => void>();
  #nodes: SimNodes | undefined;

  constructor(ctx: Context, options: RuntimeOptions) {
    this.#options = options;
    this.ctx = {
      ...ctx,
      ...options,
      etcd: new Etcd(),
      repository: new Repository(),
      poolers: new Map(),
      orchestrators: new Map(),
      elections: [],
      linked: (a, b) => this.#nodesOrFail().linked(a, b),
      reachesTopology: (node) => this.ctx.etcd.available && this.#nodesOrFail().answers(node),
      changed: () => {
        for (const listener of this.#listeners) listener();
      },
    };
    this.writer = new Writer(this.ctx);
    this.ctx.etcd.onChange(() => this.ctx.changed());
    ctx.server.onEvent(({ kind, object, type }) => {
      if (kind !== KINDS.ConfigMap || type !== 'MODIFIED') return;
      if (object.metadata.name === names.postgresConfig(options.shard)) this.#mount();
    });
  }

  /** The nodes start pods by way of the runtime, which in turn asks them who can reach whom. */
  attach(nodes: SimNodes): void {
    this.#nodes = nodes;
  }

  /** Called at each change that a health stream or a watch would tell; returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly start: StartWorkload = (pod, node, hooks) => {
    const component = pod.metadata.labels?.[LABELS.component];
    if (component === COMPONENTS.pool) return this.#startPooler(pod, node, hooks);
    if (component === COMPONENTS.multiorch) return this.#startOrchestrator(pod, node, hooks);
    return idle(hooks);
  };

  /** Calls of one process of the operator. */
  rpc(session: Session): Rpc {
    const { ctx } = this;
    return createSimRpc({
      ctx,
      session,
      orchestratorAt: (host) =>
        [...ctx.orchestrators.values()].find((orch) => this.#orchHost(orch.cell) === host),
      isSilent: (host) => this.#isSilent(host),
    });
  }

  /** The pooler of a pod: its newest process, dead or alive. */
  pooler(pod: string): Pooler | undefined {
    return this.ctx.poolers.get(names.poolerId(pod));
  }

  /** Whether the operator can reach the machine of a pooler. */
  isReachable(pooler: Pooler): boolean {
    return this.#nodesOrFail().answers(pooler.node);
  }

  /** The pod that takes writes now. */
  get primary(): string | undefined {
    return this.writer.primary()?.pod;
  }

  /** Members of the rule in force, by name; empty before the first election. */
  get cohort(): string[] {
    const rule = this.writer.primary()?.volume.wal?.rule;
    return (rule?.cohort ?? []).map(({ name }) => name).toSorted();
  }

  #nodesOrFail(): SimNodes {
    if (!this.#nodes) throw new Error('the runtime has no nodes');
    return this.#nodes;
  }

  #file(): string {
    const { shard, namespace } = this.#options;
    const name = names.postgresConfig(shard);
    const found = this.ctx.server.get({ kind: KINDS.ConfigMap, namespace, name });
    return found?.data?.[FILES.config] ?? '';
  }

  /** A changed ConfigMap reaches each pod in its own time. */
  #mount(): void {
    for (const pooler of this.ctx.poolers.values()) {
      later(this.ctx, this.ctx.pace.mountSync, () => pooler.postgres.settings.mount(this.#file()));
    }
  }

  #startPooler(pod: Pod, node: string, hooks: WorkloadHooks): Workload {
    const { name, namespace = '', labels } = pod.metadata;
    const pooler = new Pooler(this.ctx, {
      id: { cell: labels?.[LABELS.cell] ?? '', name: names.poolerId(name) },
      pod: name,
      node,
      hostname: `${name}.${namespace}.svc`,
      volume: this.#nodesOrFail().storage.dataOf(pod),
      file: this.#file(),
      onChange: () => hooks.changed(),
    });
    return {
      ready: () => pooler.listening,
      terminate: (ended) => pooler.terminate(ended),
      kill: () => pooler.kill(),
    };
  }

  #startOrchestrator(pod: Pod, node: string, hooks: WorkloadHooks): Workload {
    const cell = pod.metadata.labels?.[LABELS.cell] ?? '';
    const deployment = pod.metadata.ownerReferences?.[0]?.name ?? pod.metadata.name;
    const orch = new Orchestrator(this.ctx, { cell, name: names.orchServiceId(deployment), node });
    const workload = idle(hooks);
    return {
      ...workload,
      terminate: (ended) => {
        orch.stop();
        workload.terminate(ended);
      },
      kill: () => orch.stop(),
    };
  }

  #orchHost(cell: string): string {
    const { database, table_group, shard } = this.#options.shardKey;
    const cluster = this.#cluster();
    return `${names.orchService(cluster, database, table_group, shard, cell)}.${this.#options.namespace}.svc`;
  }

  #cluster(): string {
    const { shard: name, namespace } = this.#options;
    const shard = this.ctx.server.get({ kind: KINDS.Shard, namespace, name });
    return shard?.metadata.labels?.[LABELS.cluster] ?? '';
  }

  /** A pod's machine does not answer: connections to it are not even refused. */
  #isSilent(host: string): boolean {
    const node = this.#nodesOrFail().pod(host.split('.')[0] ?? '')?.spec?.nodeName;
    return node !== undefined && !this.#nodesOrFail().answers(node);
  }
}

/** Ready at once, stops at once. */
function idle(hooks: WorkloadHooks): Workload {
  hooks.changed();
  return { ready: () => true, terminate: (ended) => ended(), kill: () => {} };
}
