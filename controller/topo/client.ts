/**
 * etcd over gRPC: keys with compare-and-set, and watches. Several endpoints are tried in turn when
 * one is unreachable. Every call has a deadline; nothing here retries beyond one round of the endpoints.
 */
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { textOf } from '../../schemas/text.ts';
import type { ServiceName } from '../proto/load.ts';
import { Channels } from '../rpc/channels.ts';
import type { Target } from '../rpc/dial.ts';
import type { TlsMaterial } from '../rpc/tls.ts';
import { isAbsent, keyValue, modRevisionIs, putRequest, under, watchEvent } from './etcd.ts';
import type { KeyValue, RawAnswer, RawEvent, WatchEvent } from './etcd.ts';
import { requireLeader, runWatch, type WatchAnswer } from './watch.ts';

interface EtcdOptions {
  /**
   * host:port or URLs, at least one. https:// is TLS and http:// never is; without a scheme a client
   * certificate decides. The runtime's client takes them in the same way.
   */
  endpoints: string[];
  /** Deadline of one call in ms, and of the answer that opens a watch; 3000 unless given. */
  timeoutMs?: number;
  /** How often a watch asks the server whether it is still served, in ms; 20 000 unless given. */
  progressMs?: number;
  tls?: TlsMaterial | undefined;
}

/** What went wrong, and whether the topology server merely could not be reached. */
export class EtcdError extends Error {
  readonly unavailable: boolean;

  constructor(message: string, unavailable: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'EtcdError';
    this.unavailable = unavailable;
  }
}

const UNREACHABLE = new Set<number>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.RESOURCE_EXHAUSTED,
]);

const targetOf = (endpoint: string, tls: TlsMaterial | undefined): Target => {
  const hasScheme = endpoint.includes('://');
  const isSecure = hasScheme ? endpoint.startsWith('https://') : tls?.cert !== undefined;
  const address = endpoint.replace(/^\w+:\/\//, '');
  return { address, tls: isSecure ? (tls ?? {}) : undefined };
};

export class EtcdClient {
  private readonly targets: readonly [Target, ...Target[]];
  private readonly timeoutMs: number;
  private readonly progressMs: number;
  private readonly channels = new Channels({
    now: () => Date.now(),
    // the whole client is closed when it is idle, see access.ts
    idleMs: Infinity,
    unreachable: UNREACHABLE,
    // all poolers of a thousand shards come in one answer; the default is 4 MiB
    channel: { 'grpc.max_receive_message_length': 64 << 20 },
  });
  private preferred = 0;
  private watches = 0;

  constructor({ endpoints, tls, timeoutMs = 3000, progressMs = 20_000 }: EtcdOptions) {
    const [first, ...others] = endpoints.map((endpoint) => targetOf(endpoint, tls));
    if (!first) throw new Error('an etcd client needs at least one endpoint');
    this.targets = [first, ...others];
    this.timeoutMs = timeoutMs;
    this.progressMs = progressMs;
  }

  async get(key: string): Promise<KeyValue | undefined> {
    const answer = await this.call<RawAnswer>('KV', 'Range', { key: Buffer.from(key) });
    const found = answer.kvs?.[0];
    return found && keyValue(found);
  }

  /** Every key that starts with `prefix`, in order. */
  async range(prefix: string, options: { keysOnly?: boolean } = {}): Promise<KeyValue[]> {
    return (await this.snapshot(prefix, options)).kvs;
  }

  /** The same, with the revision at which it was true: a watch after `revision` misses nothing. */
  async snapshot(
    prefix: string,
    { keysOnly = false }: { keysOnly?: boolean } = {},
  ): Promise<{ kvs: KeyValue[]; revision: string }> {
    const request = { ...under(prefix), keys_only: keysOnly };
    const answer = await this.call<RawAnswer>('KV', 'Range', request);
    return { kvs: (answer.kvs ?? []).map(keyValue), revision: answer.header?.revision ?? '0' };
  }

  /** Writes only when the key does not exist; false when it does. */
  create(key: string, value: Uint8Array): Promise<boolean> {
    return this.changeIf(isAbsent(key), { request_put: putRequest(key, value) });
  }

  /** Writes only when the key still has this revision; false when it moved or is gone. */
  update(key: string, value: Uint8Array, modRevision: string): Promise<boolean> {
    return this.changeIf(modRevisionIs(key, modRevision), { request_put: putRequest(key, value) });
  }

  /** False when there was nothing to delete. */
  async delete(key: string): Promise<boolean> {
    const answer = await this.call<RawAnswer>('KV', 'DeleteRange', { key: Buffer.from(key) });
    return answer.deleted !== undefined && answer.deleted !== '0';
  }

  /** Deletes only when the key still has this revision; false when it moved or is gone. */
  deleteIf(key: string, modRevision: string): Promise<boolean> {
    const request_delete_range = { key: Buffer.from(key) };
    return this.changeIf(modRevisionIs(key, modRevision), { request_delete_range });
  }

  /**
   * Changes under `prefix` after the revision of a snapshot, until `signal` ends or the watch breaks: the
   * stream ended, the revision was compacted, the server lost its cluster, or it said nothing although asked.
   * Resolves when `signal` ended. @throws EtcdError when the watch broke: read again and watch again.
   */
  async watch(
    prefix: string,
    afterRevision: string,
    onEvents: (events: WatchEvent[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { stream, note } = this.stream<WatchAnswer<RawEvent>>('Watch', 'Watch', requireLeader());
    const isNew = ({ kv }: WatchEvent): boolean => BigInt(kv.modRevision) > BigInt(afterRevision);
    this.watches++;
    try {
      await runWatch({
        ...{ stream, signal, openMs: this.timeoutMs, progressMs: this.progressMs },
        // not the one after it: etcd tells no progress to a watch of a revision that is not there yet
        create: { ...under(prefix), start_revision: afterRevision },
        onAnswer: (answer) => {
          note(null);
          const events = (answer.events ?? []).map(watchEvent).filter(isNew);
          if (events.length > 0) onEvents(events);
        },
      });
    } catch (error) {
      note(error as { code: number });
      throw this.failure(`Watch of ${prefix}`, error);
    } finally {
      this.watches--;
    }
  }

  /** A watch is open: closing this client would break it. */
  get watching(): boolean {
    return this.watches > 0;
  }

  close(): void {
    this.channels.close();
  }

  private get target(): Target {
    return this.targets[this.preferred] ?? this.targets[0];
  }

  protected async changeIf(compare: object, change: object): Promise<boolean> {
    const request = { compare: [compare], success: [change] };
    return (await this.call<{ succeeded?: boolean }>('KV', 'Txn', request)).succeeded ?? false;
  }

  protected stream<Answer>(service: ServiceName, method: string, metadata = new Metadata()) {
    return this.channels.stream<Answer>(this.target, service, method, metadata);
  }

  protected async call<Answer extends object>(
    service: ServiceName,
    method: string,
    request: object,
  ): Promise<Answer> {
    let last: unknown;
    for (let attempt = 0; attempt < this.targets.length; attempt++) {
      try {
        return await this.channels.call(this.target, service, method, request, this.timeoutMs);
      } catch (error) {
        last = error;
        if (!isUnreachable(error)) break;
        this.preferred = (this.preferred + 1) % this.targets.length;
      }
    }
    throw this.failure(method, last);
  }

  private failure(method: string, error: unknown): EtcdError {
    const raw = textOf(error);
    // grpc-js ends such texts with the name of a note that it then leaves empty
    const text = raw.replace(/\.? *Resolution note: *$/, '');
    const endpoints = this.targets.map(({ address }) => address).join(', ');
    return new EtcdError(`etcd ${method} at ${endpoints}: ${text}`, isUnreachable(error), error);
  }
}

const isUnreachable = (error: unknown): boolean =>
  UNREACHABLE.has((error as ServiceError | undefined)?.code ?? -1);
