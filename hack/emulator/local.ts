/**
 * A whole cluster as processes on loopback addresses: etcd, poolers with pgctld, orchestrators, gateways, admin.
 * Runs the emulator, or the real binaries when their folder is given, with the same flags.
 *
 * Needs root, and from the environment (or as options):
 * - MULTIGRES_ROOT_LAYERS: folders of a root file system with PostgreSQL 17 and pgBackRest, colon separated, top first
 * - MULTIGRES_ETCD: the etcd binary
 * - MULTIGRES_BIN (optional): folder with pgctld, multipooler, multiorch, multigateway, multiadmin
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  realpathSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  chownSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { codecs } from '../../controller/topo/codec.ts';
import { EtcdClient } from '../../controller/topo/client.ts';
import { topoKeys } from '../../controller/topo/keys.ts';
import { bundleEmulator } from './local/bundle.ts';
import { Container, mountRoot, unmountRoot, type Mount } from './local/container.ts';
import { PASSWORD, writePodFiles } from './local/files.ts';
import * as plans from './local/plan.ts';
import type { Plan, PodPlan } from './local/plan.ts';
import { sleep } from './role.ts';

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

const MOST_PER_CELL = 4;
const POSTGRES_UID = 999;
const SERVER_UID = 65532;

function required(value: string | undefined, name: string): string {
  if (!value) throw new Error(`${name} is not set: see hack/emulator/README.md`);
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
  topo(): EtcdClient {
    return new EtcdClient({ endpoints: [this.plan.etcd] });
  }

  /** Ends everything and unmounts; the work folder stays for its logs unless `remove`. */
  async stop(remove = false): Promise<void> {
    await Promise.allSettled([...this.running.values()].map((container) => container.kill()));
    this.killEtcd();
    unmountRoot(this.root);
    if (remove) rmSync(this.dir, { recursive: true, force: true });
  }
}

const HEAP = ['--max-old-space-size=96'];
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

const INSIDE = [
  'opt/emulator',
  'opt/node',
  'multigres/bin',
  'var/lib/pooler',
  'backups',
  'certs/pgbackrest',
  'etc/pgctld',
  'etc/postgres-password',
];

/** Lays out the work folder and starts etcd with the topology's records; no process of the runtime yet. */
export async function prepareLocalCluster(o: LocalOptions): Promise<LocalCluster> {
  const layers =
    o.layers ?? required(process.env['MULTIGRES_ROOT_LAYERS'], 'MULTIGRES_ROOT_LAYERS').split(':');
  const cells = o.cells ?? ['zone-a', 'zone-b', 'zone-c'];
  const net = o.net ?? '127.0.0';
  const pods = cells.flatMap((cell) =>
    Array.from({ length: o.poolersPerCell ?? 1 }, (_, index) =>
      plans.podPlan(net, cells, cell, index),
    ),
  );
  const plan: Plan = {
    cells,
    net,
    etcd: `${net}.${plans.ETCD_NUMBER}:2379`,
    root: plans.ROOT_PATH,
    pods,
  };
  unmountRoot(join(o.dir, 'root'));
  rmSync(o.dir, { recursive: true, force: true });
  for (const name of ['log', 'volumes', 'emulator'])
    mkdirSync(join(o.dir, name), { recursive: true });
  const all = cells.flatMap((cell) =>
    Array.from(
      { length: MOST_PER_CELL },
      (_, index) => plans.podPlan(net, cells, cell, index).hostname,
    ),
  );
  writePodFiles(o.dir, all);
  if (!o.bin) {
    await bundleEmulator(join(o.dir, 'emulator/main.mjs'));
  }
  const root = mountRoot(layers, o.dir);
  for (const path of INSIDE) mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'etc/hosts'), plans.hostsFile(plan, MOST_PER_CELL));
  const cluster = new LocalCluster(o, plan, root);
  cluster.startEtcd();
  try {
    await writeRecords(cluster, o.policy ?? 'AT_LEAST_2');
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

async function writeRecords(
  cluster: LocalCluster,
  policy: NonNullable<LocalOptions['policy']>,
): Promise<void> {
  const { plan } = cluster;
  const topo = cluster.topo();
  const limit = Date.now() + 20_000;
  while (
    !(await topo.get('/').then(
      () => true,
      () => false,
    ))
  ) {
    if (Date.now() > limit) throw new Error(`etcd did not start; see ${cluster.logFile('etcd')}`);
    await sleep(100);
  }
  for (const cell of plan.cells) {
    const record = codecs.Cell.encode({
      name: cell,
      server_addresses: [plan.etcd],
      root: plan.root,
    });
    await topo.put(topoKeys.cell(plan.root, cell), record);
  }
  const database = codecs.Database.encode({
    name: 'postgres',
    backup_location: { filesystem: { path: '/backups' } },
    cells: plan.cells,
    bootstrap_durability_policy: {
      policy_name: policy,
      quorum_type:
        policy === 'AT_LEAST_2' ? 'QUORUM_TYPE_AT_LEAST_N' : 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N',
      required_count: 2,
    },
  });
  await topo.put(topoKeys.database(plan.root, 'postgres'), database);
  topo.close();
}

/** Starts a cluster; resolves when all processes run (not: when it serves). */
export async function startLocalCluster(o: LocalOptions): Promise<LocalCluster> {
  const cluster = await prepareLocalCluster(o);
  try {
    for (const pod of cluster.pods) await cluster.startPod(pod.suffix);
    for (const cell of cluster.plan.cells) await cluster.start(`orch-${cell}`);
    for (const cell of o.gateways ?? cluster.plan.cells.slice(0, 1))
      await cluster.start(`gateway-${cell}`);
    await cluster.start('multiadmin');
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}
