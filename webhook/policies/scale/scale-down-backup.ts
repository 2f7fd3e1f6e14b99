import { backupProblem } from '../backups.ts';
import { scaleDowns, type ScaleDown } from '../changes.ts';
import { claimsAt, placeOf } from '../claims.ts';
import { knownLive, liveShard, type LiveState } from '../live.ts';
import { CLUSTER_UPDATES, type Finding, type Policy } from '../policy.ts';
import type { World } from '../world.ts';
import { count } from '../words.ts';

export const scaleDownBackup: Policy = {
  id: 'scale-down-backup',
  code: 'MG041',
  ...CLUSTER_UPDATES,
  mode: 'deny',
  summary: 'Volumes are deleted by a smaller number of poolers only when a recent backup exists.',
  description: `Under \`pvcDeletionPolicy.whenScaled: Delete\`, which is the default, the volume of a
pooler that leaves is deleted. That takes copies of the data away, so the shard must have a complete
backup that is newer than 24 hours (the operator of the installation may set another age). Ask for a
backup with multiadmin, or keep the volumes with \`whenScaled: Retain\`.`,
  good: `# newest complete backup: 3 hours ago
replicasPerCell: 3 # was 4`,
  bad: `# newest complete backup: 3 days ago
replicasPerCell: 3 # was 4`,
  check(ctx) {
    const [transition, live] = [ctx.transition(), knownLive(ctx)];
    if (!transition || !live) return [];
    return scaleDowns(transition)
      .filter(({ whenScaled }) => whenScaled === 'Delete')
      .flatMap((step) => judge(step, live, ctx.world));
  },
};

function judge(step: ScaleDown, live: LiveState, world: World): Finding | [] {
  const { view, pool, cells, path, value, keep, text } = step;
  const going = Object.entries(cells).reduce((sum, [cell, { from, to }]) => {
    const volumes = claimsAt(live.claims, { ...placeOf(view), pool, cell }).length;
    return sum + Math.min(from - to, Math.max(0, volumes - to));
  }, 0);
  if (going === 0) return [];
  const shard = liveShard(live, view.title);
  const problem = backupProblem(shard, live.nowMs, world.settings?.backupMaxAgeMs);
  if (problem === undefined) return [];
  return {
    path,
    value,
    message: `${text}, which deletes ${count(going, 'volume')} (whenScaled: Delete), and ${problem}`,
    allowed: `${keep} as it was, or fewer poolers after a recent complete backup or with whenScaled: Retain`,
    fix: `ask multiadmin for a backup of the shard first, or set pvcDeletionPolicy.whenScaled: Retain for pool ${pool}`,
  };
}
