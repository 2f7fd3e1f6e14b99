import { LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { own } from '../../schemas/own.ts';
import { parseQuantity } from '../../schemas/quantity.ts';
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, PvcRetention } from '../../schemas/types.ts';
import { pointer, valueAt, type Segment, type ShardView } from './locate.ts';
import { count } from './words.ts';
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
  const volumes = count(claims.length, 'volume');
  const nanos = claims
    .map(({ capacity, requested }) => parseQuantity(capacity ?? requested ?? '0') ?? 0n)
    .reduce((sum, value) => sum + value, 0n);
  const gib = Number(nanos / 1_000_000_000n) / 1024 ** 3;
  const size = gib >= 10 ? Math.round(gib) : Math.round(gib * 10) / 10;
  return nanos === 0n ? volumes : `${volumes} (${size}Gi)`;
}

/** What becomes of the volumes of a pool, or of the backups, once the shard is gone. */
export function whenDeletedOf({ shard }: ShardView, pool: string | undefined): PvcRetention {
  const policy = pool === undefined ? undefined : own(shard.pools, pool)?.pvcDeletionPolicy;
  return effectivePvcPolicy(policy, shard.pvcDeletionPolicy).whenDeleted;
}

/** Some volume of the shard goes with it. */
export function deletesAny(view: ShardView): boolean {
  const { backup, pools } = view.shard;
  const deletes = (pool: string | undefined): boolean => whenDeletedOf(view, pool) === 'Delete';
  return (backup.type === 'filesystem' && deletes(undefined)) || Object.keys(pools).some(deletes);
}

/** Volumes of a shard that go with it. */
export function goingWith(view: ShardView, claims: readonly WorldClaim[]): WorldClaim[] {
  return claimsAt(claims, placeOf(view)).filter(
    ({ labels }) => whenDeletedOf(view, labels[LABELS.pool]) === 'Delete',
  );
}

/**
 * Pointers to the blocks `pvcDeletionPolicy` by which these volumes of a shard would go, or to where
 * one stands above that of a template; a template by its name where the shard cannot have one.
 */
export function blocksThatDelete(
  cluster: MultigresCluster,
  view: ShardView,
  { going, templates }: { going: readonly WorldClaim[]; templates: Templates | undefined },
): string[] {
  const { path, raw, shard } = view;
  const layer = raw?.overrides || raw?.shardTemplate ? 'overrides' : 'spec';
  const at = (...segments: Segment[]): string => pointer(...segments, 'pvcDeletionPolicy');
  const ofShard = (): string => {
    const template = shard.template ? own(templates?.shard, shard.template) : undefined;
    if (raw?.spec?.pvcDeletionPolicy) return at(...path, 'spec');
    if (template?.spec?.pvcDeletionPolicy) {
      return layer === 'spec' ? at(...path, layer) : `ShardTemplate ${shard.template}`;
    }
    const group = path.slice(0, 5);
    const written = valueAt(cluster, [...group, 'pvcDeletionPolicy']) !== undefined;
    return written ? at(...group) : at('spec');
  };
  const places = going.map(({ labels }) => {
    const pool = labels[LABELS.pool];
    const policy = pool === undefined ? undefined : own(shard.pools, pool)?.pvcDeletionPolicy;
    return pool !== undefined && policy?.whenDeleted
      ? at(...path, layer, 'pools', pool)
      : ofShard();
  });
  return [...new Set(places)];
}
