import { effectivePvcPolicy } from '../../../schemas/resolve/pvc-policy.ts';
import type { ResolvedCluster } from '../../../schemas/resolve/types.ts';
import { backupProblem, backupsOutlive } from '../backups.ts';
import { claimsAt, countAndSize, globalTopoClaims, isData, placeOf } from '../claims.ts';
import { knownLive, liveShard, type LiveState } from '../live.ts';
import { clusterOf, shardViews, type ShardView } from '../locate.ts';
import type { Policy, World } from '../policy.ts';
import type { WorldClaim } from '../world.ts';
import { own } from '../../../schemas/own.ts';

export const deletionOfData: Policy = {
  id: 'deletion-of-data',
  code: 'MG045',
  kinds: ['MultigresCluster'],
  operations: ['DELETE'],
  mode: 'warn',
  summary: 'A deletion that takes the last copy of the data along is pointed out.',
  description: `With \`pvcDeletionPolicy.whenDeleted: Delete\`, which is the default, the volumes of a
cluster go with it. If no recent complete backup outlives them, the data is lost; backups on a
volume of the cluster go as well. The warning counts the volumes. The deletion
cannot be taken back once it is accepted.`,
  good: `spec:
  pvcDeletionPolicy: { whenDeleted: Retain, whenScaled: Delete }`,
  bad: `spec:
  pvcDeletionPolicy: { whenDeleted: Delete, whenScaled: Delete }
  backup: { type: filesystem }`,
  check(ctx) {
    const [live, resolved] = [knownLive(ctx), ctx.oldResolved()];
    if (!live || !resolved) return [];
    const cluster = clusterOf(ctx);
    const lost = shardViews(cluster, resolved).flatMap((view) => lossOf(view, live, ctx.world));
    if (lost.length === 0) return [];
    const claims = [...lost.flatMap((loss) => loss.claims), ...topology(resolved, live)];
    const reasons = lost.map(({ title, why }) => `of ${title} ${why}`);
    return [
      {
        path: '',
        message: `${countAndSize(claims)} of MultigresCluster ${ctx.name} will be deleted, and no recent backup outlives them: ${reasons.join('; ')}`,
        allowed: 'deletion with whenDeleted: Retain, or after a complete backup on S3',
        fix: 'to keep the volumes, set pvcDeletionPolicy.whenDeleted: Retain before the deletion; once accepted it cannot be taken back',
      },
    ];
  },
};

interface Loss {
  title: string;
  why: string;
  claims: WorldClaim[];
}

/** Volumes with data of a shard that go, if no backup outlives them. */
function lossOf(view: ShardView, live: LiveState, world: World): Loss[] {
  const whenDeleted = (pool: string | undefined): string =>
    effectivePvcPolicy(
      pool === undefined ? undefined : own(view.shard.pools, pool)?.pvcDeletionPolicy,
      view.shard.pvcDeletionPolicy,
    ).whenDeleted;
  const claims = claimsAt(live.claims, placeOf(view)).filter(
    ({ labels }) => whenDeleted(labels['multigres.com/pool']) === 'Delete',
  );
  const kept = claimsAt(live.claims, placeOf(view)).filter(isData).length;
  const going = claims.filter(isData).length;
  // A copy that stays is a copy of all.
  if (going === 0 || going < kept) return [];
  const shard = liveShard(live, view.title);
  const policy = whenDeleted(undefined) === 'Delete' ? 'Delete' : 'Retain';
  const why = backupsOutlive(view.shard.backup, policy)
    ? backupProblem(shard, live.nowMs, world.settings?.backupMaxAgeMs)?.replace(
        /^it has/,
        'there is',
      )
    : 'the backups lie on a volume that goes too';
  return why === undefined ? [] : [{ title: view.title, why, claims }];
}

function topology({ globalTopo, name }: ResolvedCluster, { claims }: LiveState): WorldClaim[] {
  if (globalTopo.kind !== 'etcd' || globalTopo.pvcDeletionPolicy.whenDeleted !== 'Delete')
    return [];
  return globalTopoClaims(claims, name);
}
