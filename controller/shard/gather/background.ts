/** What is asked without keeping the pass waiting: the shard is looked at again once an answer is there. */
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import type { DetectedProblem } from '../../rpc/types.ts';
import { leaderMember } from '../state/health.ts';
import { shardKeyOf, shardName } from '../state/identity.ts';
import { isNewcomer, type Member } from '../state/member.ts';
import { isFresh, type Pass, type ShardCache } from './cache.ts';
import { orchestratorTargets, targetOf } from './target.ts';

export const wakeShard = ({ wakeups }: Pick<Deps, 'wakeups'>, { metadata }: Shard): void =>
  wakeups.wake('shard', { namespace: metadata.namespace ?? '', name: metadata.name });

/** Each answer costs the primary a process of pgBackRest. */
const BACKUPS_MS = 300_000;
/** While none is known, or a new member may wait for one. */
const BACKUPS_WANTED_MS = 60_000;
/** pgBackRest's own answer takes a second or so; a lock may hold it up. */
const LIST_MS = 30_000;
export const BACKUPS_LISTED = 10;

/** The list of backups: asked of the primary now and then, without keeping the pass waiting. */
export const refreshBackups = (
  { deps, shard, cache }: Pass,
  members: readonly Member[],
  tls: TlsMaterial | undefined,
): void => {
  const nowMs = deps.clock.now();
  const leader = leaderMember({ members });
  const isWanted = !cache.backups?.length || members.some(isNewcomer);
  const pauseMs = isWanted ? BACKUPS_WANTED_MS : BACKUPS_MS;
  if (!leader?.status || isFresh(cache.backupsAskedAtMs, pauseMs, nowMs)) return;
  cache.backupsAskedAtMs = nowMs;
  const before = JSON.stringify(cache.backups);
  deps.rpc.getBackups(targetOf(leader, tls), BACKUPS_LISTED, LIST_MS).then(
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

const PROBLEMS_TIMEOUT_MS = 1500;
const PAUSE_MS = 2000;

/**
 * What an orchestrator lists about a shard that has no primary: asked only then, and the first answer counts. One
 * that does not answer has nothing to say.
 */
export const refreshProblems = (
  { deps, shard, cache }: Pass,
  tls: TlsMaterial | undefined,
): void => {
  const nowMs = deps.clock.now();
  if (isFresh(cache.problemsAskedAtMs, PAUSE_MS, nowMs)) return;
  cache.problemsAskedAtMs = nowMs;
  const key = shardKeyOf(shard);
  const answers = orchestratorTargets(deps, shard, tls).map((target) =>
    deps.rpc.shardStatus(target, key, PROBLEMS_TIMEOUT_MS),
  );
  const codesOf = (problems?: readonly DetectedProblem[]) =>
    JSON.stringify(problems?.map(({ code }) => code));
  const before = codesOf(cache.problems);
  Promise.any(answers).then(
    ({ problems = [] }) => {
      cache.problems = problems;
      if (codesOf(problems) !== before) wakeShard(deps, shard);
    },
    () => {
      delete cache.problems;
    },
  );
};
