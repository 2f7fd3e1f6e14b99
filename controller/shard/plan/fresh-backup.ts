/**
 * A new copy begins with the newest backup and then streams from the leader, which keeps only the WAL since
 * its last checkpoint or two. When the backup is older, the copy may wait for WAL that nobody has any more
 * (seen on kind with the real runtime: for ever). So a member with an empty volume is created only after a
 * backup that is younger than the leader's rule and than a checkpoint's distance. The decision is pure.
 */
import type { BackupMetadata } from '../../rpc/types.ts';
import { newestComplete } from '../state/backups.ts';
import { isNewcomer } from '../state/member.ts';
import { leaderOf, shardRule, timeOf, usefulStandby, type PoolerView } from '../state/roles.ts';
import type { BackupAttempt, ShardState } from '../state/state.ts';
import type { Planner } from './planner.ts';

/** PostgreSQL's default checkpoint_timeout: WAL of so long ago may be gone. */
export const FRESH_MS = 300_000;
const ATTEMPTS = 3;
const PAUSE_MS = 10_000;

interface FreshBackupInput {
  views: readonly PoolerView[];
  backups: readonly BackupMetadata[] | undefined;
  attempt: BackupAttempt | undefined;
  nowMs: number;
}

type FreshBackup =
  /** `reason` says why a new member may be created. */
  | { ready: true; reason: string }
  /** `from`: the pooler to ask for a backup now; absent while one has to be waited for. */
  | { ready: false; reason: string; from?: PoolerView; onLeader?: boolean };

/** May a member with an empty volume be created, and if not, who should make a backup first? */
export const freshBackup = (input: FreshBackupInput): FreshBackup => {
  const { views, attempt, nowMs } = input;
  const leader = leaderOf(views)?.view;
  if (!leader?.status)
    return { ready: true, reason: 'nobody leads who could be asked for a backup' };
  if (isFresh(input)) return { ready: true, reason: 'the newest backup is recent' };
  const wait = 'a new copy needs a recent backup to start from, and one is being made';
  if (attempt?.running) return { ready: false, reason: wait };
  const count = attempt?.count ?? 0;
  if (count >= ATTEMPTS) {
    return {
      ready: true,
      reason: `no backup could be made in ${count} attempts (${attempt?.error ?? 'it is not listed'}): the copy may not catch up`,
    };
  }
  if (attempt && nowMs - attempt.endedMs < PAUSE_MS * count) {
    return { ready: false, reason: `${wait}; the last attempt failed: ${attempt.error ?? ''}` };
  }
  const standby = views.find(
    (view) => view !== leader && usefulStandby(view, leader, nowMs).useful,
  );
  return { ready: false, reason: wait, from: standby ?? leader, onLeader: !standby };
};

const isFresh = ({ views, backups, nowMs }: FreshBackupInput): boolean => {
  const { endMs } = newestComplete(backups ?? []) ?? {};
  if (endMs === undefined) return false;
  return endMs >= timeOf(shardRule(views)?.creation_time) && nowMs - endMs <= FRESH_MS;
};

/** Undefined where nothing can be asked of anybody, and need not: before the first primary, or without newcomers. */
const decisionFor = (state: ShardState): FreshBackup | undefined => {
  const { members, nowMs, backups, freshBackup: attempt } = state;
  if (!state.started || !members.some(isNewcomer)) return undefined;
  return freshBackup({ views: members, backups, attempt, nowMs });
};

/** Why members with an empty volume have to wait, if so. */
export const newcomersWait = (state: ShardState): string | undefined => {
  const decision = decisionFor(state);
  return decision && !decision.ready ? decision.reason : undefined;
};

/** Asks for the backup that new members begin with. */
export const planFreshBackup: Planner = (state) => {
  const decision = decisionFor(state);
  if (!decision || decision.ready || !decision.from) return {};
  const { pod, id } = decision.from;
  const message = `${pod}: incremental, for new members`;
  const notice = { type: 'Normal', reason: 'BackupRequested', message } as const;
  const onLeader = decision.onLeader === true;
  return { actions: [{ kind: 'backup', pod, id, onLeader, reason: decision.reason, notice }] };
};
