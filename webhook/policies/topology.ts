import type {
  ResolvedCluster,
  ResolvedEtcd,
  ResolvedGlobalTopo,
  ResolvedLocalTopo,
} from '../../schemas/resolve/types.ts';
import type { MultigresCluster, PvcRetention } from '../../schemas/types.ts';
import { cellTopoClaims, globalTopoClaims } from './claims.ts';
import { locateInCell, locateInCore } from './locate.ts';
import type { Transition } from './policy.ts';
import type { WorldClaim } from './world.ts';

/** An etcd that the operator runs for a cluster. */
export interface EtcdView {
  /** Absent: the global one. */
  cell?: string;
  /** `the global etcd`, `the etcd of cell zone-a`; the same before and after a change. */
  owner: string;
  etcd: ResolvedEtcd;
  whenDeleted: PvcRetention | undefined;
  /** Pointer to a field of it, or to the template that brings it. */
  at: (...field: string[]) => string;
  /** Those of the cluster's claims that were made for it. */
  claims: (all: readonly WorldClaim[]) => WorldClaim[];
}

/** Every etcd of a resolved cluster, the global one first. */
export function etcdsOf(cluster: MultigresCluster, resolved: ResolvedCluster): EtcdView[] {
  const { name, globalTopo, cells } = resolved;
  const etcds: EtcdView[] = [];
  if (globalTopo.kind === 'etcd') {
    etcds.push({
      owner: 'the global etcd',
      etcd: globalTopo.etcd,
      whenDeleted: globalTopo.pvcDeletionPolicy.whenDeleted,
      at: (...field) => locateInCore(cluster, 'globalTopoServer', 'etcd', ...field),
      claims: (all) => globalTopoClaims(all, name),
    });
  }
  for (const { name: cell, localTopo } of cells) {
    if (!localTopo?.etcd) continue;
    etcds.push({
      cell,
      owner: `the etcd of cell ${cell}`,
      etcd: localTopo.etcd,
      whenDeleted: localTopo.etcd.pvcDeletionPolicy?.whenDeleted,
      at: (...field) => locateInCell(cluster, cell, 'localTopoServer', 'etcd', ...field),
      claims: (all) => cellTopoClaims(all, name, cell),
    });
  }
  return etcds;
}

type Topo = ResolvedGlobalTopo | ResolvedLocalTopo | undefined;

/** A place of topology records that becomes another one, which has none of them. */
interface TopologyMove {
  /** Absent: the global one. */
  cell?: string;
  was: Topo;
  now: Topo;
}

/** Where the records of the topology lie elsewhere after a change. Cells that come or go do not count. */
export function topologyMoves({
  before,
  after,
}: Pick<Transition, 'before' | 'after'>): TopologyMove[] {
  const moves: TopologyMove[] = [];
  const [was, now] = [before.globalTopo, after.globalTopo];
  if (!sameRecords(was, now)) moves.push({ was, now });
  for (const { name, localTopo } of after.cells) {
    const old = before.cells.find((cell) => cell.name === name);
    if (!old || sameRecords(old.localTopo, localTopo)) continue;
    moves.push({ cell: name, was: old.localTopo, now: localTopo });
  }
  return moves;
}

/** Servers that have an endpoint in common are taken for one. */
function sameRecords(was: Topo, now: Topo): boolean {
  if (!was || !now) return was === now;
  const [a, b] = [was as ResolvedLocalTopo, now as ResolvedLocalTopo];
  if (a.external && b.external) {
    const common = a.external.endpoints.some((one) => b.external?.endpoints.includes(one));
    return common && a.external.rootPath === b.external.rootPath;
  }
  return !a.external && !b.external && a.etcd?.rootPath === b.etcd?.rootPath;
}

/** `etcd with rootPath /multigres/global`, for texts. */
export function topologyText(topo: Topo): string {
  if (!topo) return 'the global one';
  const { etcd, external } = topo as ResolvedLocalTopo;
  const rootPath = external?.rootPath ?? etcd?.rootPath ?? '';
  return `${external?.endpoints.join(', ') ?? 'etcd'} with rootPath ${rootPath}`;
}

export function isEtcd(topo: Topo): boolean {
  return (topo as ResolvedLocalTopo | undefined)?.etcd !== undefined;
}
