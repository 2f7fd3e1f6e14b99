/** The list of backups: asked of the primary now and then, without keeping the pass waiting. */
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import { shardName } from '../state/identity.ts';
import { isNewcomer, type Member } from '../state/member.ts';
import { leaderMember } from '../state/health.ts';
import { isFresh, type ShardCache } from './cache.ts';
import { targetOf, wakeShard } from './target.ts';

const BACKUPS_MS = 60_000;
/** pgBackRest's own answer takes a second or so; a lock may hold it up. */
const TIMEOUT_MS = 30_000;
export const BACKUPS_LISTED = 10;

export const refreshBackups = (
  deps: Deps,
  shard: Shard,
  members: readonly Member[],
  tls: TlsMaterial | undefined,
  cache: ShardCache,
): void => {
  const nowMs = deps.clock.now();
  const leader = leaderMember({ members });
  if (!leader?.status || isFresh(cache.backupsAskedAtMs, BACKUPS_MS, nowMs)) return;
  cache.backupsAskedAtMs = nowMs;
  const before = JSON.stringify(cache.backups);
  deps.rpc.getBackups(targetOf(leader, tls), BACKUPS_LISTED, TIMEOUT_MS).then(
    (backups) => {
      cache.backups = backups;
      if (JSON.stringify(backups) !== before) wakeShard(deps, shard);
    },
    // The next round asks again; the last answer stays in the status.
    (error: unknown) =>
      deps.log.debug({ shard: shardName(shard), err: error }, 'no list of backups'),
  );
};

/**
 * What became of the backup for new members: of one whose pooler fell silent nothing will, long before its call
 * ends. The attempts of one change are not counted against the next.
 */
export const settleFreshBackup = (
  cache: Pick<ShardCache, 'freshBackup'>,
  members: readonly Member[],
  nowMs: number,
): void => {
  const attempt = cache.freshBackup;
  if (!attempt?.running) {
    if (!members.some(isNewcomer)) delete cache.freshBackup;
    return;
  }
  if (members.find(({ id }) => id === attempt.id)?.status) return;
  const error = `${attempt.id} no longer answers`;
  cache.freshBackup = { ...attempt, running: false, endedMs: nowMs, error };
};
