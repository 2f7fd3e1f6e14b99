/** multiadmin's calls that act on a shard: moving the primary, backups and their jobs. */
import type { Multipooler } from '../../controller/topo/types.ts';
import { RpcError, status } from '../grpc.ts';
import { recordSegment, type Id } from '../ids.ts';
import { sleep } from '../role.ts';
import { listPoolers, onManager, passedOn, text, type AdminDeps } from './api.ts';

export interface ShardKey {
  database?: string;
  table_group?: string;
  shard?: string;
}
export interface BackupJob {
  job_id: string;
  job_type: 'JOB_TYPE_BACKUP';
  status: 'JOB_STATUS_RUNNING' | 'JOB_STATUS_COMPLETED' | 'JOB_STATUS_FAILED';
  error_message?: string;
  database?: string;
  table_group?: string;
  shard?: string;
  backup_id?: string;
}
interface Backup {
  backup_id?: string;
  status?: string;
  job_id?: string;
  type?: string;
  [field: string]: unknown;
}

/** A leader is asked to resign no sooner than this after its election, ms. */
const ELECTION_BACK_OFF_MS = 4000;
const RESIGN_DEADLINE_MS = 120_000;
const BACKUP_DEADLINE_MS = 30 * 60_000;

const isPrimary = (p: Multipooler): boolean => p.routing_state?.role === 'ROUTING_ROLE_PRIMARY';

async function poolersOfShard(deps: AdminDeps, key: ShardKey): Promise<Multipooler[]> {
  const { poolers } = await listPoolers(deps, {
    database: key.database ?? '',
    shard: key.shard ?? '',
  });
  return poolers.filter((p) => p.shard_key?.table_group === key.table_group);
}

/**
 * Makes the leader a standby; whom multiorch elects next is not its business. Like the real one it takes
 * the last PRIMARY record of the list and counts any other record as a standby.
 */
export async function switchPrimary(
  deps: AdminDeps,
  key: ShardKey,
): Promise<{ old_leader_id: Id }> {
  const poolers = await poolersOfShard(deps, key);
  const leader = poolers.findLast(isPrimary);
  if (leader?.id === undefined)
    throw new RpcError(status.NOT_FOUND, 'no primary pooler found for shard');
  if (poolers.length < 2)
    throw new RpcError(status.FAILED_PRECONDITION, 'no standby available to take over');
  try {
    await onManager(deps, leader, async (client) => {
      const answer = await client.call<{
        consensus_status?: {
          term_revocation?: { coordinator_initiated_at?: { seconds?: string } };
        };
      }>('Status', {}, 10_000);
      const at =
        Number(answer.consensus_status?.term_revocation?.coordinator_initiated_at?.seconds ?? 0) *
        1000;
      await sleep(
        Math.max(0, Math.min(ELECTION_BACK_OFF_MS, at + ELECTION_BACK_OFF_MS - deps.now())),
      );
      await client.call('ResignLeadership', {}, RESIGN_DEADLINE_MS);
    });
  } catch (error) {
    throw passedOn('failed to resign leadership', error);
  }
  return { old_leader_id: leader.id };
}

/** `20261122-105228.299132_multipooler-zone-b-p-zone-b`: time to the microsecond and the pooler. */
export function jobId(nowMs: number, pooler: Id): string {
  const iso = new Date(nowMs).toISOString();
  const stamp = `${iso.slice(0, 10).replaceAll('-', '')}-${iso.slice(11, 19).replaceAll(':', '')}.${iso.slice(20, 23)}000`;
  return `${stamp}_${recordSegment(pooler)}`;
}

export class BackupJobs {
  private readonly deps: AdminDeps;
  private readonly jobs = new Map<string, BackupJob>();

  constructor(deps: AdminDeps) {
    this.deps = deps;
  }

  /** Starts a backup and answers at once. */
  async start(
    request: ShardKey & { type?: string; force_primary?: boolean },
  ): Promise<{ job_id: string }> {
    const { database, table_group, shard } = request;
    if (!database || !table_group)
      throw new RpcError(status.INVALID_ARGUMENT, 'database and table_group are required');
    const poolers = await poolersOfShard(this.deps, request);
    const target = poolers.find(
      (p) =>
        (p.serving_status ?? 'SERVING') === 'SERVING' &&
        isPrimary(p) === (request.force_primary === true),
    );
    if (target?.id === undefined)
      throw new RpcError(status.FAILED_PRECONDITION, 'no suitable pooler found for backup');
    const id = jobId(this.deps.now(), target.id);
    const job: BackupJob = {
      job_id: id,
      job_type: 'JOB_TYPE_BACKUP',
      status: 'JOB_STATUS_RUNNING',
      database,
      table_group,
      shard: shard ?? '',
    };
    this.jobs.set(id, job);
    const call = {
      type: request.type ?? 'full',
      job_id: id,
      force_primary: request.force_primary === true,
    };
    onManager(this.deps, target, (c) =>
      c.call<{ backup_id?: string }>('Backup', call, BACKUP_DEADLINE_MS),
    ).then(
      (answer) =>
        Object.assign(job, { status: 'JOB_STATUS_COMPLETED', backup_id: answer.backup_id ?? '' }),
      (error: unknown) =>
        Object.assign(job, { status: 'JOB_STATUS_FAILED', error_message: text(error) }),
    );
    return { job_id: id };
  }

  /** From memory, else from the repository by way of a pooler. */
  async status(request: ShardKey & { job_id?: string }): Promise<BackupJob> {
    const id = request.job_id ?? '';
    const known = this.jobs.get(id);
    if (known !== undefined) return known;
    const missing = new RpcError(status.NOT_FOUND, `job '${id}' not found`);
    if (!request.database || !request.table_group) throw missing;
    const backup = (await listBackups(this.deps, request)).backups.find((b) => b.job_id === id);
    if (backup === undefined) throw missing;
    const done = backup.status === 'BACKUP_STATUS_COMPLETE';
    const { database, table_group, shard } = request;
    return {
      job_id: id,
      job_type: 'JOB_TYPE_BACKUP',
      status: done ? 'JOB_STATUS_COMPLETED' : 'JOB_STATUS_RUNNING',
      database,
      table_group,
      shard: shard ?? '',
      backup_id: backup.backup_id ?? '',
    };
  }
}

/** Asks one pooler, alive or not: the real one does not try another either. */
export async function listBackups(
  deps: AdminDeps,
  request: ShardKey & { limit?: number },
): Promise<{ backups: Backup[] }> {
  const poolers = await poolersOfShard(deps, request);
  const asked = poolers.find((p) => !isPrimary(p)) ?? poolers[0];
  if (asked === undefined) throw new RpcError(status.NOT_FOUND, 'no pooler found for shard');
  const limit = Number(request.limit ?? 0);
  try {
    const answer = await onManager(deps, asked, (c) =>
      c.call<{ backups?: Backup[] }>('GetBackups', { limit }, 35_000),
    );
    return { backups: (answer.backups ?? []).map((b) => toInfo(b, request)) };
  } catch (error) {
    throw passedOn('failed to get backups from pooler', error, status.INTERNAL);
  }
}

const toInfo = (b: Backup, key: ShardKey): Backup => {
  const { status: state, multipooler_id, table_group, shard, ...same } = b;
  return {
    ...same,
    database: key.database,
    table_group,
    shard,
    status: `BACKUP_STATUS_${(state ?? 'BACKUP_UNKNOWN').replace('BACKUP_', '')}`,
    multipooler_service_id: multipooler_id,
  };
};
