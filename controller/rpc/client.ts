/**
 * Calls to the runtime's components. Every call has a deadline and none is repeated: the caller decides.
 * Channels are kept per address and closed when nobody used them for five minutes.
 */
import { status, type ServiceError } from '@grpc/grpc-js';
import type { ServiceName } from '../proto/load.ts';
import type { Id, RuleNumber, ShardKey } from '../topo/types.ts';
import { Channels } from './channels.ts';
import type { Target } from './dial.ts';
import type {
  BackupMetadata,
  BuildInfo,
  ReloadConfigResponse,
  ShardStatusResponse,
  StatusResponse,
} from './types.ts';

export type { Target } from './dial.ts';

/** A call that failed. `code` is the gRPC number. */
export class RpcError extends Error {
  readonly code: number;

  constructor(message: string, code: number, cause?: unknown) {
    super(message, { cause });
    this.name = 'RpcError';
    this.code = code;
  }
}

export interface RuleUpdate {
  operation: 'RULE_OPERATION_COHORT_ADD' | 'RULE_OPERATION_COHORT_REMOVE';
  standby_ids: readonly Id[];
  expected_outgoing_rule: RuleNumber;
}

const IDLE_MS = 300_000;
const UNREACHABLE = new Set<number>([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

/** Milliseconds; without it a call has its own. */
type Limit = number | undefined;

export type Rpc = ReturnType<typeof createRpc>;

/** @param now milliseconds since the epoch, real time: deadlines are made of it */
export const createRpc = (now: () => number) => {
  const channels = new Channels({ now, idleMs: IDLE_MS, unreachable: UNREACHABLE });
  const callOf =
    (service: ServiceName) =>
    async <Answer = void>(
      target: Target,
      method: string,
      request: object,
      timeoutMs: number,
    ): Promise<Answer> => {
      try {
        return await channels.call(target, service, method, request, timeoutMs);
      } catch (error) {
        const { code, details, message } = error as ServiceError;
        const text = `${service}/${method} at ${target.address}: ${details || message}`;
        throw new RpcError(text, code, error);
      }
    };
  const pooler = callOf('MultipoolerManager');
  const queries = callOf('MultipoolerService');
  const consensus = callOf('MultipoolerConsensus');
  const orch = callOf('MultiorchService');
  const info = callOf('ServiceInfo');
  return {
    /** Works without PostgreSQL; hangs to the deadline when PostgreSQL is frozen. */
    poolerStatus: (target: Target, timeoutMs: Limit = 4000) =>
      pooler<StatusResponse>(target, 'Status', {}, timeoutMs),
    /** Any pooler of the shard may answer. */
    getBackups: async (target: Target, limit: number, timeoutMs: Limit = 10_000) => {
      type Answer = { backups?: BackupMetadata[] };
      return (await pooler<Answer>(target, 'GetBackups', { limit }, timeoutMs)).backups ?? [];
    },
    /** Makes a backup and ends with it; the runtime's own limit is 30 minutes. */
    backup: (
      target: Target,
      request: { type: 'full' | 'differential' | 'incremental'; force_primary: boolean },
      timeoutMs: number,
    ) => pooler(target, 'Backup', request, timeoutMs),
    reloadConfig: (target: Target, expected: Record<string, string>, timeoutMs: Limit = 10_000) => {
      const request = { expected_settings: expected };
      return pooler<ReloadConfigResponse>(target, 'ReloadConfig', request, timeoutMs);
    },
    /** A standby stops receiving and is not eligible until `startReplication`, or until it restarts. */
    stopReplication: (target: Target, timeoutMs: number) => {
      const request = { mode: 'REPLICATION_PAUSE_MODE_RECEIVER_ONLY', wait: true };
      return pooler(target, 'StopReplication', request, timeoutMs);
    },
    startReplication: (target: Target, timeoutMs: number) =>
      pooler(target, 'StartReplication', {}, timeoutMs),
    /** Changes the cohort; asked of the leader, compare-and-set by the rule that is to be replaced. */
    updateRule: (target: Target, request: RuleUpdate, timeoutMs: number) =>
      consensus(target, 'UpdateConsensusRule', request, timeoutMs),
    /** Writes what is dirty to disk, so that the next stop of this Postgres has little left to write. */
    checkpoint: (target: Target, timeoutMs: number) =>
      queries(target, 'ExecuteQuery', { query: 'CHECKPOINT' }, timeoutMs),
    /** Moves leadership away from this pooler. */
    resignLeadership: (target: Target, timeoutMs: Limit = 120_000) =>
      pooler(target, 'ResignLeadership', {}, timeoutMs),
    shardStatus: (target: Target, shard: ShardKey, timeoutMs: Limit = 4000) =>
      orch<ShardStatusResponse>(target, 'GetShardStatus', { shard_key: shard }, timeoutMs),
    /** Ends grace periods that already count; what is left undone is returned. */
    triggerRecoveryNow: async (target: Target, timeoutMs: Limit = 30_000) => {
      type Answer = { remaining_problem_codes?: string[] };
      const request = { max_cycles: 1 };
      const answer = await orch<Answer>(target, 'TriggerRecoveryNow', request, timeoutMs);
      return answer.remaining_problem_codes ?? [];
    },
    /** Which build answers on this port. */
    buildInfo: async (target: Target, timeoutMs: Limit = 4000): Promise<BuildInfo> => {
      const answer = await info<{ build_info?: BuildInfo }>(target, 'GetBuildInfo', {}, timeoutMs);
      return answer.build_info ?? {};
    },
    close: () => channels.close(),
  };
};
