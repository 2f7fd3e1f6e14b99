/**
 * etcd over gRPC: keys with compare-and-set, and watches. Several endpoints are tried in turn when
 * one is unreachable. Every call has a deadline; nothing here retries beyond one round of the endpoints.
 */
import { credentials, makeGenericClientConstructor, Metadata, status } from '@grpc/grpc-js';
import type { ChannelCredentials, Client, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { serviceDefinition, type ServiceName } from '../proto/load.ts';
import { CHANNEL_OPTIONS, Redial } from '../rpc/redial.ts';
import { channelCredentials, tlsOptions, type TlsMaterial } from '../rpc/tls.ts';
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
  /** For endpoints with TLS. */
  tls?: TlsMaterial;
}

export interface KeyValue {
  key: string;
  value: Buffer;
  /** 64-bit numbers as decimal strings. `modRevision` is what `update` compares. */
  modRevision: string;
  createRevision: string;
  version: string;
  /** '0' when the key has no lease. */
  lease: string;
}

export interface WatchEvent {
  type: 'put' | 'delete';
  /** For a delete only `key` and `modRevision` mean something. */
  kv: KeyValue;
}

interface RawKeyValue {
  key?: Buffer;
  value?: Buffer;
  create_revision?: string;
  mod_revision?: string;
  version?: string;
  lease?: string;
}
interface RawAnswer {
  kvs?: RawKeyValue[];
  deleted?: string;
  header?: { revision?: string };
}
interface RawEvent {
  type?: string;
  kv?: RawKeyValue;
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

/** Smallest key behind every key that starts with `prefix`. */
const prefixEnd = (prefix: string): Buffer => {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] ?? 0;
    if (byte === 0xff) continue;
    end[at] = byte + 1;
    return end.subarray(0, at + 1);
  }
  return Buffer.from([0]);
};

const keyValue = (raw: RawKeyValue): KeyValue => ({
  key: (raw.key ?? Buffer.alloc(0)).toString(),
  value: raw.value ?? Buffer.alloc(0),
  modRevision: raw.mod_revision ?? '0',
  createRevision: raw.create_revision ?? '0',
  version: raw.version ?? '0',
  lease: raw.lease ?? '0',
});

const watchEvent = ({ type, kv }: RawEvent): WatchEvent => ({
  type: type === 'DELETE' ? 'delete' : 'put',
  kv: keyValue(kv ?? {}),
});

const withoutScheme = (endpoint: string): string => endpoint.replace(/^\w+:\/\//, '');

const isSecure = (endpoint: string, tls: TlsMaterial | undefined): boolean =>
  endpoint.startsWith('https://') || (!endpoint.includes('://') && tls?.cert !== undefined);

const credentialsOf = (secure: boolean, tls: TlsMaterial | undefined): ChannelCredentials =>
  secure ? channelCredentials(tls ?? {}) : credentials.createInsecure();

type Unary = (
  request: object,
  options: { deadline: number },
  done: (error: ServiceError | null, answer?: object) => void,
) => unknown;

type Duplex<Answer> = (metadata: Metadata) => ClientDuplexStream<object, Answer>;

export class EtcdClient {
  readonly endpoints: readonly string[];
  private readonly timeoutMs: number;
  private readonly progressMs: number;
  private readonly tls: TlsMaterial | undefined;
  /** Endpoints that speak TLS. */
  private readonly secure: ReadonlySet<string>;
  private readonly clients = new Map<string, Client>();
  private readonly redial = new Redial();
  private preferred = 0;
  private watches = 0;

  constructor(options: EtcdOptions) {
    this.tls = options.tls;
    this.endpoints = options.endpoints.map(withoutScheme);
    this.secure = new Set(
      options.endpoints.filter((endpoint) => isSecure(endpoint, options.tls)).map(withoutScheme),
    );
    if (this.endpoints.length === 0) throw new Error('an etcd client needs at least one endpoint');
    this.timeoutMs = options.timeoutMs ?? 3000;
    this.progressMs = options.progressMs ?? 20_000;
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
    options: { keysOnly?: boolean } = {},
  ): Promise<{ kvs: KeyValue[]; revision: string }> {
    const answer = await this.call<RawAnswer>('KV', 'Range', {
      key: Buffer.from(prefix),
      range_end: prefixEnd(prefix),
      ...(options.keysOnly ? { keys_only: true } : {}),
    });
    return { kvs: (answer.kvs ?? []).map(keyValue), revision: answer.header?.revision ?? '0' };
  }

  /** Writes only when the key does not exist; false when it does. */
  create(key: string, value: Uint8Array): Promise<boolean> {
    return this.writeIf(isAbsent(key), putRequest(key, value));
  }

  /** Writes only when the key still has this revision; false when it moved or is gone. */
  update(key: string, value: Uint8Array, modRevision: string): Promise<boolean> {
    return this.writeIf(modRevisionIs(key, modRevision), putRequest(key, value));
  }

  /** False when there was nothing to delete. */
  async delete(key: string): Promise<boolean> {
    const answer = await this.call<RawAnswer>('KV', 'DeleteRange', { key: Buffer.from(key) });
    return answer.deleted !== undefined && answer.deleted !== '0';
  }

  /** Deletes only when the key still has this revision; false when it moved or is gone. */
  async deleteIf(key: string, modRevision: string): Promise<boolean> {
    const answer = await this.call<{ succeeded?: boolean }>('KV', 'Txn', {
      compare: [modRevisionIs(key, modRevision)],
      success: [{ request_delete_range: { key: Buffer.from(key) } }],
    });
    return answer.succeeded ?? false;
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
    const endpoint = this.endpoints[this.preferred] ?? '';
    const client = this.client('Watch', endpoint);
    const note = (error: { code: number } | null): void =>
      this.noteOutcome(`Watch ${endpoint}`, client, error);
    const isNew = ({ kv }: WatchEvent): boolean => BigInt(kv.modRevision) > BigInt(afterRevision);
    this.watches++;
    try {
      await runWatch({
        stream: this.stream<WatchAnswer<RawEvent>>('Watch', 'Watch', requireLeader()),
        create: {
          key: Buffer.from(prefix),
          range_end: prefixEnd(prefix),
          // not the one after it: etcd tells no progress to a watch of a revision that is not there yet
          start_revision: afterRevision,
        },
        openMs: this.timeoutMs,
        progressMs: this.progressMs,
        onAnswer: (answer) => {
          note(null);
          const events = (answer.events ?? []).map(watchEvent).filter(isNew);
          if (events.length > 0) onEvents(events);
        },
        signal,
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
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private client(service: ServiceName, endpoint: string): Client {
    const key = `${service} ${endpoint}`;
    const known = this.clients.get(key);
    if (known) return known;
    const secure = this.secure.has(endpoint);
    const Constructor = makeGenericClientConstructor(serviceDefinition(service), service);
    const made = new Constructor(endpoint, credentialsOf(secure, this.tls), {
      ...CHANNEL_OPTIONS,
      // all poolers of a thousand shards come in one answer; the default is 4 MiB
      'grpc.max_receive_message_length': 64 << 20,
      ...(secure ? tlsOptions(this.tls) : {}),
    });
    this.clients.set(key, made);
    return made;
  }

  protected async writeIf(compare: object, put: object): Promise<boolean> {
    const answer = await this.call<{ succeeded?: boolean }>('KV', 'Txn', {
      compare: [compare],
      success: [{ request_put: put }],
    });
    return answer.succeeded ?? false;
  }

  protected stream<Answer>(
    service: ServiceName,
    method: string,
    metadata = new Metadata(),
  ): ClientDuplexStream<object, Answer> {
    const client = this.client(service, this.endpoints[this.preferred] ?? '');
    const open = (client as unknown as Record<string, Duplex<Answer>>)[method];
    if (!open) throw new Error(`etcd has no method ${service}/${method} in our contract`);
    return open.call(client, metadata);
  }

  protected async call<Answer>(
    service: ServiceName,
    method: string,
    request: object,
  ): Promise<Answer> {
    let last: unknown;
    for (let attempt = 0; attempt < this.endpoints.length; attempt++) {
      try {
        return (await this.once(service, method, request)) as Answer;
      } catch (error) {
        last = error;
        if (!isUnreachable(error)) break;
        this.preferred = (this.preferred + 1) % this.endpoints.length;
      }
    }
    throw this.failure(method, last);
  }

  private once(service: ServiceName, method: string, request: object): Promise<object> {
    const endpoint = this.endpoints[this.preferred] ?? '';
    const client = this.client(service, endpoint);
    const invoke = (client as unknown as Record<string, Unary>)[method];
    if (!invoke) throw new Error(`etcd has no method ${service}/${method} in our contract`);
    return new Promise((resolve, reject) => {
      invoke.call(client, request, { deadline: Date.now() + this.timeoutMs }, (error, answer) => {
        this.noteOutcome(`${service} ${endpoint}`, client, error);
        if (error) reject(error);
        else resolve(answer ?? {});
      });
    });
  }

  private noteOutcome(key: string, client: Client, error: { code: number } | null): void {
    if (!isUnreachable(error)) this.redial.answered(key);
    else if (this.clients.get(key) === client && this.redial.failed(key, Date.now())) {
      this.clients.delete(key);
      client.close();
    }
  }

  private failure(method: string, error: unknown): EtcdError {
    const raw = error instanceof Error ? error.message : String(error);
    // grpc-js ends such texts with the name of a note that it then leaves empty
    const text = raw.replace(/\.? *Resolution note: *$/, '');
    return new EtcdError(
      `etcd ${method} at ${this.endpoints.join(', ')}: ${text}`,
      isUnreachable(error),
      error,
    );
  }
}

const isUnreachable = (error: unknown): boolean =>
  UNREACHABLE.has((error as ServiceError | undefined)?.code ?? -1);

export const putRequest = (key: string, value: Uint8Array): object => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
});

export const isAbsent = (key: string): object => ({
  result: 'EQUAL',
  target: 'VERSION',
  key: Buffer.from(key),
  version: '0',
});

const modRevisionIs = (key: string, modRevision: string): object => ({
  result: 'EQUAL',
  target: 'MOD',
  key: Buffer.from(key),
  mod_revision: modRevision,
});
