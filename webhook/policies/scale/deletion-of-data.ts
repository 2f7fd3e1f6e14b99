import { backupProblem, backupsOutlive } from '../backups.ts';
import {
  blocksThatDelete,
  claimsAt,
  countAndSize,
  goingWith,
  isData,
  placeOf,
  whenDeletedOf,
} from '../claims.ts';
import { knownLive, liveShard, type LiveState } from '../live.ts';
import { clusterOf, shardViews, type ShardView } from '../locate.ts';
import type { Policy } from '../policy.ts';
import { etcdsOf } from '../topology.ts';
import { count, listed } from '../words.ts';
import { oldTemplatesOf, type WorldClaim, type World } from '../world.ts';

export const deletionOfData: Policy = {
  id: 'deletion-of-data',
  code: 'MG045',
  kinds: ['MultigresCluster'],
  operations: ['DELETE'],
  mode: 'warn',
  summary: 'A deletion that takes the last copy of the data along is pointed out.',
  description: `With \`pvcDeletionPolicy.whenDeleted: Delete\`, which is the default, the volumes of a
cluster go with it. If no recent complete backup outlives them, the data is lost; backups on a
volume of the cluster go as well. The warning counts all volumes that go, those of etcd among them, and
names the shards that no backup is left of. The deletion cannot be taken back once it is accepted.`,
  good: `spec:
  pvcDeletionPolicy: { whenDeleted: Retain, whenScaled: Delete }`,
  bad: `spec:
  pvcDeletionPolicy: { whenDeleted: Delete, whenScaled: Delete }
  backup: { type: filesystem }`,
  check(ctx) {
    const [live, resolved] = [knownLive(ctx), ctx.oldResolved()];
    if (!live || !resolved) return [];
    const cluster = clusterOf(ctx);
    const views = shardViews(cluster, resolved);
    const lost = views.flatMap((view) => lossOf(view, live, ctx.world));
    const [first] = lost;
    if (!first) return [];
    const templates = oldTemplatesOf(ctx.world);
    const blocks = lost.flatMap(({ view, going }) =>
      blocksThatDelete(cluster, view, { going, templates }),
    );
    const all = countAndSize([
      ...views.flatMap((view) => goingWith(view, live.claims)),
      ...etcdsOf(cluster, resolved)
        .filter(({ whenDeleted }) => whenDeleted === 'Delete')
        .flatMap(({ claims }) => claims(live.claims)),
    ]);
    const shards = lost.map(({ view, why }) => `${view.title} (${why})`);
    const whose = lost.length === 1 ? first.view.title : count(lost.length, 'shard');
    return {
      path: '',
      message: `${all} of MultigresCluster ${ctx.name} will be deleted, and with them the last copy of ${listed(shards, 'and')}`,
      allowed: 'deletion with whenDeleted: Retain, or after a complete backup on S3',
      fix: `to keep the data, set whenDeleted: Retain in ${listed([...new Set(blocks)], 'and')} before the deletion; once accepted it cannot be taken back`,
      brief: `${all} go, last copy of ${whose}; whenDeleted: Retain keeps it`,
    };
  },
};

interface Loss {
  view: ShardView;
  /** In what state its backups are. */
  why: string;
  going: WorldClaim[];
}

/** Volumes with data of a shard that go, if no backup outlives them. */
function lossOf(view: ShardView, live: LiveState, world: World): Loss[] {
  const going = goingWith(view, live.claims);
  const data = going.filter(isData).length;
  // A copy that stays is a copy of all.
  if (data === 0 || data < claimsAt(live.claims, placeOf(view)).filter(isData).length) return [];
  const why = backupsOutlive(view.shard.backup, whenDeletedOf(view, undefined))
    ? backupProblem(liveShard(live, view.title), live.nowMs, world.settings?.backupMaxAgeMs)
    : 'its backups lie on a volume that goes too';
  return why === undefined ? [] : [{ view, why, going }];
}
