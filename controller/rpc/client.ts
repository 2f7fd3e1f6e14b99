/**
 * Calls to the runtime's components. Every call has a deadline and none is repeated: the caller decides.
 * Channels are kept per address and closed when nobody used them for five minutes.
 */
import { makeGenericClientConstructor, status } from '@grpc/grpc-js';
import type { Client, ServiceError } from '@grpc/grpc-js';
import type { ServiceName } from '../proto/load.ts';
import { serviceDefinition } from '../proto/load.ts';
import type { ShardKey } from '../topo/types.ts';
import { CHANNEL_OPTIONS, Redial } from './redial.ts';
import type { TlsMaterial } from './tls.ts';
import { channelCredentials, tlsOptions } from './tls.ts';
import type {
  BackupMetadata,
  BuildInfo,
  ReloadConfigResponse,
  ShardStatusResponse,
  StatusResponse,
} from './types.ts';

export interface Target {
  /** host:port */
  address: string;
  tls?: TlsMaterial;
}

/** A call that failed. `code` is the gRPC number, `codeName` its name. */
class RpcError extends Error {
  readonly code: number;
  readonly codeName: string;
  /** Nobody answered in time: down, starting, or cut off. */
  readonly unreachable: boolean;

  constructor(message: string, code: number, cause?: unknown) {
    super(message, { cause });
    this.name = 'RpcError';
    this.code = code;
    this.codeName = status[code] ?? 'UNKNOWN';
    this.unreachable = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
  }
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

interface Channel {
  client: Client;
  usedAt: number;
}
type Unary = (
  request: object,
  options: { deadline: number },
  done: (error: ServiceError | null, answer?: object) => void,
) => unknown;

const UNREACHABLE = new Set<number>([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

const keyOf = (target: Target, service: ServiceName): string =>
  `${service} ${target.address} ${target.tls ? JSON.stringify(target.tls) : ''}`;

class Channels {
  private readonly open = new Map<string, Channel>();
  private readonly redial = new Redial();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  call<Answer extends object>(
    target: Target,
    service: ServiceName,
    method: string,
    request: object,
    timeoutMs: number,
  ): Promise<Answer> {
    const key = keyOf(target, service);
    const client = this.get(key, target, service);
    const invoke = (client as unknown as Record<string, Unary>)[method];
    if (!invoke) throw new Error(`no method ${service}/${method} in the wire contract`);
    return new Promise((resolve, reject) => {
      invoke.call(client, request, { deadline: this.now() + timeoutMs }, (error, answer) => {
        this.noteOutcome(key, client, error);
        if (!error) resolve((answer ?? {}) as Answer);
        else {
          const text = `${service}/${method} at ${target.address}: ${error.details || error.message}`;
          reject(new RpcError(text, error.code, error));
        }
      });
    });
  }

  close(): void {
    for (const channel of this.open.values()) channel.client.close();
    this.open.clear();
  }

  private noteOutcome(key: string, client: Client, error: ServiceError | null): void {
    if (error === null || !UNREACHABLE.has(error.code)) this.redial.answered(key);
    else if (this.open.get(key)?.client === client && this.redial.failed(key, this.now())) {
      this.open.delete(key);
      client.close();
    }
  }

  private get(key: string, target: Target, service: ServiceName): Client {
    const now = this.now();
    for (const [key, channel] of this.open) {
      if (now - channel.usedAt < IDLE_MS) continue;
      channel.client.close();
      this.open.delete(key);
    }
    const known = this.open.get(key);
    if (known) {
      known.usedAt = now;
      return known.client;
    }
    const Made = makeGenericClientConstructor(serviceDefinition(service), service);
    const client = new Made(target.address, channelCredentials(target.tls), {
      ...CHANNEL_OPTIONS,
      ...tlsOptions(target.tls),
    });
    this.open.set(key, { client, usedAt: now });
    return client;
  }
}

/** @param now milliseconds since the epoch, real time: deadlines are made of it */
export const createRpc = (now: () => number): Rpc => {
  const channels = new Channels(now);
  const pooler = 'MultipoolerManager';
  const orch = 'MultiorchService';
  return {
    poolerStatus: (target, timeoutMs = 4000) =>
      channels.call<StatusResponse>(target, pooler, 'Status', {}, timeoutMs),
    getBackups: async (target, limit, timeoutMs = 10_000) => {
      const request = { limit };
      const answer = await channels.call<{ backups?: BackupMetadata[] }>(
        target,
        pooler,
        'GetBackups',
        request,
        timeoutMs,
      );
      return answer.backups ?? [];
    },
    backup: async (target, request, timeoutMs) => {
      await channels.call(target, pooler, 'Backup', request, timeoutMs);
    },
    reloadConfig: (target, expectedSettings, timeoutMs = 10_000) => {
      const request = { expected_settings: expectedSettings };
      return channels.call(target, pooler, 'ReloadConfig', request, timeoutMs);
    },
    resignLeadership: async (target, timeoutMs = 120_000) => {
      await channels.call(target, pooler, 'ResignLeadership', {}, timeoutMs);
    },
    shardStatus: (target, shard, timeoutMs = 4000) =>
      channels.call(target, orch, 'GetShardStatus', { shard_key: shard }, timeoutMs),
    triggerRecoveryNow: async (target, timeoutMs = 30_000) => {
      const answer = await channels.call<{ remaining_problem_codes?: string[] }>(
        target,
        orch,
        'TriggerRecoveryNow',
        { max_cycles: 1 },
        timeoutMs,
      );
      return answer.remaining_problem_codes ?? [];
    },
    buildInfo: async (target, timeoutMs = 4000) => {
      const answer = await channels.call<{ build_info?: BuildInfo }>(
        target,
        'ServiceInfo',
        'GetBuildInfo',
        {},
        timeoutMs,
      );
      return answer.build_info ?? {};
    },
    close: () => channels.close(),
  };
};
