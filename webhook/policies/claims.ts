import { LABELS } from '../../schemas/labels.ts';
import { parseQuantity } from '../../schemas/quantity.ts';
import { names } from '../../schemas/names.ts';
import type { ShardView } from './locate.ts';
import type { WorldClaim } from './world.ts';

type Place = Partial<Record<'database' | 'tablegroup' | 'shard' | 'pool' | 'cell', string>>;

/** Claims that carry all these labels: those of a pool, of a cell, of a shard with its backups. */
export function claimsAt(claims: readonly WorldClaim[], place: Place): WorldClaim[] {
  const wanted = Object.entries(place) as [keyof Place, string][];
  return claims.filter(({ labels }) =>
    wanted.every(([key, value]) => labels[LABELS[key]] === value),
  );
}

/** Place of a shard in labels. */
export function placeOf(view: ShardView): Place {
  return { database: view.database, tablegroup: view.tablegroup, shard: view.shard.name };
}

/** Data directories of Postgres: claims of a pool. */
export function isData({ labels }: WorldClaim): boolean {
  return labels[LABELS.pool] !== undefined;
}

/** The backup volume of a shard: it belongs to no pool. */
export function isBackup({ labels }: WorldClaim): boolean {
  return labels[LABELS.shard] !== undefined && labels[LABELS.pool] === undefined;
}

/** Claims of the global etcd of a cluster. */
export function globalTopoClaims(claims: readonly WorldClaim[], cluster: string): WorldClaim[] {
  return claims.filter(({ labels }) => labels[LABELS.toposerver] === names.globalTopo(cluster));
}

/** Claims of the etcd that a cell has of its own. */
export function cellTopoClaims(
  claims: readonly WorldClaim[],
  cluster: string,
  cell: string,
): WorldClaim[] {
  const server = names.localTopo(names.cell(cluster, cell));
  return claims.filter(({ labels }) => labels[LABELS.toposerver] === server);
}

/** `3 volumes (30Gi)`: of each the capacity, or what was asked for until it is bound. */
export function countAndSize(claims: readonly WorldClaim[]): string {
  const count = `${claims.length} volume${claims.length === 1 ? '' : 's'}`;
  const nanos = claims
    .map(({ capacity, requested }) => parseQuantity(capacity ?? requested ?? '0') ?? 0n)
    .reduce((sum, value) => sum + value, 0n);
  const gib = Number(nanos / 1_000_000_000n) / 1024 ** 3;
  const size = gib >= 10 ? Math.round(gib) : Math.round(gib * 10) / 10;
  return nanos === 0n ? count : `${count} (${size}Gi)`;
}
