import { LABELS } from '../../schemas/labels.ts';
import { own } from '../../schemas/own.ts';
import { effectivePvcPolicy } from '../../schemas/resolve/pvc-policy.ts';
import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster, PvcRetention } from '../../schemas/types.ts';
import { claimsAt, placeOf } from './claims.ts';
import { pointer, valueAt, type Segment, type ShardView } from './locate.ts';
import type { WorldClaim } from './world.ts';

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
