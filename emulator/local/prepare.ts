/** Lays out a local cluster: folders, root file system, etcd and its first records. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codecs } from '../../controller/topo/codec.ts';
import { topoKeys } from '../../controller/topo/keys.ts';
import { sleep } from '../role.ts';
import { bundleEmulator } from './bundle.ts';
import { LocalCluster, MOST_PER_CELL, required, type LocalOptions } from './cluster.ts';
import { mountRoot, unmountRoot } from './container.ts';
import { writePodFiles } from './files.ts';
import * as plans from './plan.ts';
import type { Plan } from './plan.ts';

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
export async function prepareLocalCluster(options: LocalOptions): Promise<LocalCluster> {
  const bin = options.bin ?? process.env['MULTIGRES_BIN'];
  const o: LocalOptions = { ...options, ...(bin ? { bin } : {}) };
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
