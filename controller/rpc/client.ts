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

/** What the reconcilers call; the one implementation is `createRpc`. */
export interface Rpc {
  /** Works without PostgreSQL; hangs to the deadline when PostgreSQL is frozen. Default 4000 ms. */
  poolerStatus(target: Target, timeoutMs?: number): Promise<StatusResponse>;
  /** Any pooler of the shard may answer. Default 10 000 ms. */
  getBackups(target: Target, limit: number, timeoutMs?: number): Promise<BackupMetadata[]>;
  /** Makes a backup and ends with it; the runtime's own limit is 30 minutes. No default. */
  backup(
    target: Target,
    request: { type: 'full' | 'differential' | 'incremental'; force_primary: boolean },
    timeoutMs: number,
  ): Promise<void>;
  /** Default 10 000 ms. */
  reloadConfig(
    target: Target,
    expectedSettings: Record<string, string>,
    timeoutMs?: number,
  ): Promise<ReloadConfigResponse>;
  /** A standby stops receiving and is not eligible until `startReplication`, or until it restarts. */
  stopReplication(target: Target, timeoutMs: number): Promise<void>;
  startReplication(target: Target, timeoutMs: number): Promise<void>;
  /** Changes the cohort; asked of the leader, compare-and-set by the rule that is to be replaced. */
  updateRule(target: Target, request: RuleUpdate, timeoutMs: number): Promise<void>;
  /** Writes what is dirty to disk, so that the next stop of this Postgres has little left to write. No default. */
  checkpoint(target: Target, timeoutMs: number): Promise<void>;
  /** Moves leadership away from this pooler. Default 120 000 ms. */
  resignLeadership(target: Target, timeoutMs?: number): Promise<void>;
  /** Default 4000 ms. */
  shardStatus(target: Target, shard: ShardKey, timeoutMs?: number): Promise<ShardStatusResponse>;
  /** Ends grace periods that already count; what is left undone is returned. Default 30 000 ms. */
  triggerRecoveryNow(target: Target, timeoutMs?: number): Promise<string[]>;
  /** Which build answers on this port. Default 4000 ms. */
  buildInfo(target: Target, timeoutMs?: number): Promise<BuildInfo>;
  close(): void;
}

const IDLE_MS = 300_000;
const UNREACHABLE = new Set<number>([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

/** @param now milliseconds since the epoch, real time: deadlines are made of it */
export const createRpc = (now: () => number): Rpc => {
  const channels = new Channels({ now, idleMs: IDLE_MS, unreachable: UNREACHABLE });
  const callOf =
    (service: ServiceName) =>
    async <Answer extends object>(
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
    poolerStatus: (target, timeoutMs = 4000) => pooler(target, 'Status', {}, timeoutMs),
    getBackups: async (target, limit, timeoutMs = 10_000) => {
      type Answer = { backups?: BackupMetadata[] };
      return (await pooler<Answer>(target, 'GetBackups', { limit }, timeoutMs)).backups ?? [];
    },
    backup: async (target, request, timeoutMs) => {
      await pooler(target, 'Backup', request, timeoutMs);
    },
    reloadConfig: (target, expectedSettings, timeoutMs = 10_000) =>
      pooler(target, 'ReloadConfig', { expected_settings: expectedSettings }, timeoutMs),
    stopReplication: async (target, timeoutMs) => {
      const request = { mode: 'REPLICATION_PAUSE_MODE_RECEIVER_ONLY', wait: true };
      await pooler(target, 'StopReplication', request, timeoutMs);
    },
    startReplication: async (target, timeoutMs) => {
      await pooler(target, 'StartReplication', {}, timeoutMs);
    },
    updateRule: async (target, request, timeoutMs) => {
      await consensus(target, 'UpdateConsensusRule', request, timeoutMs);
    },
    checkpoint: async (target, timeoutMs) => {
      await queries(target, 'ExecuteQuery', { query: 'CHECKPOINT' }, timeoutMs);
    },
    resignLeadership: async (target, timeoutMs = 120_000) => {
      await pooler(target, 'ResignLeadership', {}, timeoutMs);
    },
    shardStatus: (target, shard, timeoutMs = 4000) =>
      orch(target, 'GetShardStatus', { shard_key: shard }, timeoutMs),
    triggerRecoveryNow: async (target, timeoutMs = 30_000) => {
      type Answer = { remaining_problem_codes?: string[] };
      const request = { max_cycles: 1 };
      const answer = await orch<Answer>(target, 'TriggerRecoveryNow', request, timeoutMs);
      return answer.remaining_problem_codes ?? [];
    },
    buildInfo: async (target, timeoutMs = 4000) => {
      const answer = await info<{ build_info?: BuildInfo }>(target, 'GetBuildInfo', {}, timeoutMs);
      return answer.build_info ?? {};
    },
    close: () => channels.close(),
  };
};
