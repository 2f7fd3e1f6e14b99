/**
 * A whole cluster as processes on loopback addresses: etcd, poolers with pgctld, orchestrators, gateways, admin.
 * Runs the emulator, or the real binaries when their folder is given, with the same flags.
 *
 * Needs root, and from the environment (or as options):
 * - MULTIGRES_ROOT_LAYERS: folders of a root file system with PostgreSQL 17 and pgBackRest, colon separated, top first
 * - MULTIGRES_ETCD: the etcd binary
 * - MULTIGRES_BIN (optional): folder with pgctld, multipooler, multiorch, multigateway, multiadmin
 */
import type { LocalCluster, LocalOptions } from './local/cluster.ts';
import { prepareLocalCluster } from './local/prepare.ts';

export { prepareLocalCluster } from './local/prepare.ts';
export type { LocalCluster, LocalOptions } from './local/cluster.ts';

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
