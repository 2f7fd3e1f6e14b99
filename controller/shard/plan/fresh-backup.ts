/**
 * A new copy begins with the newest backup and then streams from the leader, which keeps only the WAL since
 * its last checkpoint or two. When the backup is older, the copy may wait for WAL that nobody has any more
 * (seen on kind with the real runtime: for ever). So a member with an empty volume is created only after a
 * backup that is younger than the leader's rule and than a checkpoint's distance. The decision is pure.
 */
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { BackupMetadata } from '../../rpc/types.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import { newestComplete } from '../report/backups.ts';
import { targetOf } from '../gather/inputs.ts';
import type { DesiredPod } from '../desired/index.ts';
import type { ShardMemory } from '../gather/cache.ts';
import type { PlanInput } from './plan.ts';
import { isNewcomer } from './plan.ts';
import type { PoolerView } from '../state/roles.ts';
import { leaderOf, shardRule, timeOf, usefulStandby } from '../state/roles.ts';

/** PostgreSQL's default checkpoint_timeout: WAL of so long ago may be gone. */
const FRESH_MS = 300_000;
/** The runtime's own limit for a backup. */
const BACKUP_TIMEOUT_MS = 1_800_000;
const ATTEMPTS = 3;
const PAUSE_MS = 10_000;
const LISTED = 10;

/** The backup that was asked for last, for the members that are new now. */
export interface BackupAttempt {
  count: number;
  running: boolean;
  endedMs: number;
  error?: string;
}

export interface FreshBackupInput {
  views: readonly PoolerView[];
  backups: readonly BackupMetadata[] | undefined;
  attempt: BackupAttempt | undefined;
  nowMs: number;
}

export type FreshBackup =
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
  const newest = newestComplete(backups ?? []);
  if (!newest) return false;
  return (
    newest.endMs >= timeOf(shardRule(views)?.creation_time) && nowMs - newest.endMs <= FRESH_MS
  );
};

/** The part of a pass that this needs. */
interface Asking {
  deps: Deps;
  shard: Shard;
  observed: Pick<PlanInput, 'pods' | 'claims'>;
  memory: ShardMemory;
  nowMs: number;
}

/**
 * Why new members have to wait, if so. Asks for the backup that they need.
 * @param views undefined while the shard has had no primary: nothing can be asked then, and need not
 */
export const newcomersWait = (
  { deps, shard, observed, memory, nowMs }: Asking,
  desired: readonly DesiredPod[],
  views: readonly PoolerView[] | undefined,
  tls: TlsMaterial | undefined,
): string | undefined => {
  if (!views || !desired.some((wanted) => isNewcomer(observed, wanted))) {
    if (!memory.freshBackup?.running) delete memory.freshBackup;
    return undefined;
  }
  const backups = memory.backups?.value;
  const found = freshBackup({ views, backups, attempt: memory.freshBackup, nowMs });
  if (found.ready) {
    const text = { ns: shard.metadata.namespace, shard: shard.metadata.name, reason: found.reason };
    deps.log.info(text, 'new members may be created');
    return undefined;
  }
  startBackup(deps, shard, found, tls, memory);
  return found.reason;
};

/** Asks for the backup without keeping the pass waiting; what comes of it is in the memory. */
const startBackup = (
  deps: Deps,
  shard: Shard,
  wanted: Extract<FreshBackup, { ready: false }>,
  tls: TlsMaterial | undefined,
  memory: ShardMemory,
): void => {
  const target = wanted.from && targetOf(wanted.from, tls);
  if (!target || !wanted.from) return;
  const count = (memory.freshBackup?.count ?? 0) + 1;
  memory.freshBackup = { count, running: true, endedMs: 0 };
  const text = `${wanted.from.pod}: incremental, for new members`;
  deps.events.event(shard, 'Normal', 'BackupRequested', text);
  const request = { type: 'incremental', force_primary: wanted.onLeader === true } as const;
  deps.rpc
    .backup(target, request, BACKUP_TIMEOUT_MS)
    .then(() => deps.rpc.getBackups(target, LISTED))
    .then(
      (value) => {
        const nowMs = deps.clock.now();
        memory.backups = { atMs: nowMs, value };
        memory.freshBackup = { count, running: false, endedMs: nowMs };
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        memory.freshBackup = { count, running: false, endedMs: deps.clock.now(), error: reason };
        deps.events.event(shard, 'Warning', 'BackupFailed', `${text}: ${reason}`);
      },
    );
};
