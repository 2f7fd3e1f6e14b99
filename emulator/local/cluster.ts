/** The processes of a local cluster: start, stop, kill, and where they answer. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RuntimeEtcd } from '../etcd.ts';
import { Container, unmountRoot, type Mount } from './container.ts';
import { PASSWORD } from './files.ts';
import * as plans from './plan.ts';
import type { Plan, PodPlan } from './plan.ts';

export interface LocalOptions {
  /** Work folder; emptied at the start. */
  dir: string;
  layers?: string[];
  etcd?: string;
  /** Folder of real binaries; the emulator when absent. */
  bin?: string;
  /** First three numbers of all addresses; clusters with different ones can run side by side. 127.0.0 when absent. */
  net?: string;
  cells?: string[];
  poolersPerCell?: number;
  policy?: 'AT_LEAST_2' | 'MULTI_CELL_AT_LEAST_2';
  /** More flags by role. */
  args?: Partial<
    Record<'multipooler' | 'pgctld' | 'multiorch' | 'multigateway' | 'multiadmin', string[]>
  >;
  /** More environment for all, e.g. EMULATOR_MONITOR_MS. */
  env?: Record<string, string>;
  /** Cells that get a gateway; the first one when absent. */
  gateways?: string[];
}

export const MOST_PER_CELL = 4;
const POSTGRES_UID = 999;
const SERVER_UID = 65532;

export function required(value: string | undefined, name: string): string {
  if (!value) throw new Error(`${name} is not set: see emulator/README.md`);
  return value;
}

export class LocalCluster {
  readonly plan: Plan;
  readonly dir: string;
  readonly password = PASSWORD;
  private readonly o: LocalOptions;
  private readonly root: string;
  private readonly running = new Map<string, Container>();
  private etcd: ChildProcess | undefined;

  constructor(o: LocalOptions, plan: Plan, root: string) {
    this.o = o;
    this.plan = plan;
    this.dir = o.dir;
    this.root = root;
  }

  get pods(): readonly PodPlan[] {
    return this.plan.pods;
  }

  pod(suffix: string): PodPlan {
    const found = this.plan.pods.find((pod) => pod.suffix === suffix);
    if (!found)
      throw new Error(
        `no pod ${suffix}; there are ${this.plan.pods.map((p) => p.suffix).join(', ')}`,
      );
    return found;
  }

  /** host:port of gRPC servers. */
  readonly grpc = {
    pooler: (suffix: string): string => `${this.pod(suffix).address}:15270`,
    orch: (cell: string): string => `${plans.cellAddress(this.plan, cell)}:15370`,
    gateway: (cell: string): string => `${plans.cellAddress(this.plan, cell)}:15170`,
    admin: (): string => `${this.plan.net}.${plans.ADMIN_NUMBER}:18070`,
  };

  /** Base URLs of HTTP servers. */
  readonly http = {
    pgctld: (suffix: string): string => `http://${this.pod(suffix).address}:15400`,
    pooler: (suffix: string): string => `http://${this.pod(suffix).address}:15200`,
    orch: (cell: string): string => `http://${plans.cellAddress(this.plan, cell)}:15300`,
    gateway: (cell: string): string => `http://${plans.cellAddress(this.plan, cell)}:15100`,
    admin: (): string => `http://${this.plan.net}.${plans.ADMIN_NUMBER}:18000`,
  };

  /** Where a gateway serves SQL; a pod's own postgres is at its address, port 5432. */
  sql(cell: string): { host: string; port: number; replicaPort: number } {
    return { host: plans.cellAddress(this.plan, cell), port: 15432, replicaPort: 15433 };
  }

  /** Starts one process: pgctld-<pod>, pool-<pod>, orch-<cell>, gateway-<cell> or multiadmin. */
  async start(name: string): Promise<Container> {
    const old = this.running.get(name);
    if (old?.alive) return old;
    const { role, args, uid, pod } = this.describe(name);
    const program = this.o.bin
      ? [`/multigres/bin/${role}`]
      : ['/opt/node/node', ...HEAP, '/opt/emulator/main.mjs', role];
    const container = await Container.start({
      root: this.root,
      mounts: this.mounts(pod),
      uid,
      env: { ...ENVIRONMENT, ...this.o.env },
      command: [...program, ...args, ...(this.o.args?.[role] ?? [])],
      logFile: this.logFile(name),
    });
    this.running.set(name, container);
    return container;
  }

  private describe(name: string) {
    const at = name.indexOf('-');
    const [kind, rest] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
    const { plan } = this;
    if (kind === 'pgctld') {
      return {
        role: 'pgctld',
        args: plans.pgctldArgs(this.pod(rest)),
        uid: POSTGRES_UID,
        pod: rest,
      } as const;
    }
    if (kind === 'pool') {
      const args = plans.poolerArgs(plan, this.pod(rest));
      return { role: 'multipooler', args, uid: POSTGRES_UID, pod: rest } as const;
    }
    const server = { uid: SERVER_UID, pod: undefined };
    if (kind === 'orch')
      return { role: 'multiorch', args: plans.orchArgs(plan, rest), ...server } as const;
    if (kind === 'gateway')
      return { role: 'multigateway', args: plans.gatewayArgs(plan, rest), ...server } as const;
    if (kind === 'multiadmin')
      return { role: 'multiadmin', args: plans.adminArgs(plan), ...server } as const;
    throw new Error(`unknown process ${name}`);
  }

  private mounts(pod: string | undefined): Mount[] {
    const programs = this.o.bin
      ? { from: this.o.bin, to: '/multigres/bin' }
      : { from: join(this.dir, 'emulator'), to: '/opt/emulator' };
    const node = { from: dirname(realpathSync(process.execPath)), to: '/opt/node' };
    if (pod === undefined) return [programs, node];
    const volume = join(this.dir, 'volumes', pod);
    mkdirSync(volume, { recursive: true });
    chownSync(volume, POSTGRES_UID, POSTGRES_UID);
    return [
      programs,
      node,
      { from: volume, to: '/var/lib/pooler' },
      { from: join(this.dir, 'backups'), to: '/backups' },
      { from: join(this.dir, 'certs'), to: '/certs/pgbackrest' },
      { from: join(this.dir, 'etc'), to: '/etc/pgctld' },
      { from: join(this.dir, 'etc'), to: '/etc/postgres-password' },
    ];
  }

  /** A process that was started. */
  process(name: string): Container {
    const found = this.running.get(name);
    if (!found) throw new Error(`${name} was not started`);
    return found;
  }

  logFile(name: string): string {
    return join(this.dir, 'log', `${name}.log`);
  }

  async startPod(suffix: string): Promise<void> {
    await this.start(`pgctld-${suffix}`);
    await this.start(`pool-${suffix}`);
  }

  /** kill -9 of everything in the pod at once; the volume stays. */
  async killPod(suffix: string): Promise<void> {
    await Promise.all([
      this.process(`pool-${suffix}`).kill(),
      this.process(`pgctld-${suffix}`).kill(),
    ]);
  }

  /** As the kubelet does it: SIGTERM to the pooler, and to pgctld when that is gone. */
  async stopPod(suffix: string): Promise<void> {
    for (const name of [`pool-${suffix}`, `pgctld-${suffix}`]) {
      this.process(name).signal('SIGTERM');
      await this.process(name).gone(60_000);
    }
  }

  /** Empties the volume of a stopped pod. */
  wipePod(suffix: string): void {
    rmSync(join(this.dir, 'volumes', suffix), { recursive: true, force: true });
  }

  /** Adds a pod to a cell and starts it. */
  async addPod(cell: string): Promise<PodPlan> {
    const index = this.plan.pods.filter((pod) => pod.cell === cell).length;
    if (index >= MOST_PER_CELL) throw new Error(`at most ${MOST_PER_CELL} pods per cell`);
    const pod = plans.podPlan(this.plan.net, this.plan.cells, cell, index);
    this.plan.pods.push(pod);
    await this.startPod(pod.suffix);
    return pod;
  }

  startEtcd(): void {
    const binary = required(this.o.etcd ?? process.env['MULTIGRES_ETCD'], 'MULTIGRES_ETCD');
    const client = `http://${this.plan.etcd}`;
    const peer = client.replace(':2379', ':2380');
    const log = openSync(this.logFile('etcd'), 'a');
    this.etcd = spawn(
      binary,
      [
        ...['--name=e0', `--data-dir=${join(this.dir, 'etcd')}`, `--listen-client-urls=${client}`],
        ...[`--advertise-client-urls=${client}`, `--listen-peer-urls=${peer}`, '--unsafe-no-fsync'],
        ...[`--initial-advertise-peer-urls=${peer}`, `--initial-cluster=e0=${peer}`],
      ],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
  }

  killEtcd(): void {
    this.etcd?.kill('SIGKILL');
  }

  /** A client of the cluster's etcd; close it yourself. */
  topo(): RuntimeEtcd {
    return new RuntimeEtcd({ endpoints: [this.plan.etcd] });
  }

  /** Ends everything and unmounts; the work folder stays for its logs unless `remove`. */
  async stop(remove = false): Promise<void> {
    await Promise.allSettled([...this.running.values()].map((container) => container.kill()));
    this.killEtcd();
    unmountRoot(this.root);
    if (remove) rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Keeps node small: the containers' limits are 128 and 256 MiB. */
const HEAP = ['--max-old-space-size=96', '--max-semi-space-size=2'];
const ENVIRONMENT = {
  PATH: '/multigres/bin:/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin',
  LANG: 'en_US.UTF-8',
  PGDATA: '/var/lib/pooler/pg_data',
  POSTGRES_USER: 'postgres',
  POSTGRES_PASSWORD_FILE: '/etc/postgres-password/password',
  POSTGRES_INITDB_EXTRA_CONF: '/etc/pgctld/postgresql.conf',
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  GRPC_ENABLE_TXT_SERVICE_CONFIG: 'false',
};
