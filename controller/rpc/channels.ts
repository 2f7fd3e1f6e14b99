/**
 * Channels that are kept, and when to give one up. A TCP connect whose first packet met no rule or no route
 * yet (a Service that is seconds old, a pod that just moved) is repeated by the kernel over the same dead flow
 * for 127 s, and grpc-js has no limit of its own for it: seen on kind as two minutes of "connection refused"
 * from a topology server that was up. A channel that failed for a few seconds is therefore closed and made anew.
 */
import type { Client, ClientDuplexStream, Metadata, ServiceError } from '@grpc/grpc-js';
import type { ServiceName } from '../proto/load.ts';
import { dial, type Target } from './dial.ts';

/** Longer than a slow answer, shorter than what a fail-over may take to be seen (5 s). */
const PATIENCE_MS = 3_000;

/** Remembers since when each channel fails. */
export class Redial {
  readonly #since = new Map<string, number>();

  answered(key: string): void {
    this.#since.delete(key);
  }

  /** True when the channel should be closed now; the next one gets its own time. */
  failed(key: string, nowMs: number): boolean {
    const since = this.#since.get(key);
    if (since === undefined) {
      this.#since.set(key, nowMs);
      return false;
    }
    if (nowMs - since < PATIENCE_MS) return false;
    this.#since.delete(key);
    return true;
  }
}

interface PoolOptions<T> {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** What was not asked for during this time is closed, ... */
  idleMs: number;
  /** ... unless it is in use all the while. */
  isBusy?: (value: T) => boolean;
}

/** Values by key, made at the first use. */
export class Pool<T extends { close(): void }> {
  readonly #options: PoolOptions<T>;
  readonly #open = new Map<string, { value: T; usedAt: number }>();

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  get(key: string, make: () => T): T {
    const { now, idleMs, isBusy } = this.#options;
    const usedAt = now();
    for (const [other, entry] of this.#open) {
      if (usedAt - entry.usedAt >= idleMs && isBusy?.(entry.value) !== true) this.drop(other);
    }
    const value = this.#open.get(key)?.value ?? make();
    this.#open.set(key, { value, usedAt });
    return value;
  }

  has(key: string, value: T): boolean {
    return this.#open.get(key)?.value === value;
  }

  drop(key: string): void {
    this.#open.get(key)?.value.close();
    this.#open.delete(key);
  }

  close(): void {
    for (const key of [...this.#open.keys()]) this.drop(key);
  }
}

type Unary = (
  request: object,
  options: { deadline: number },
  done: (error: ServiceError | null, answer?: object) => void,
) => unknown;
type Duplex<Answer> = (metadata: Metadata) => ClientDuplexStream<object, Answer>;

interface ChannelsOptions {
  /** Milliseconds since the epoch, real time: deadlines are made of it. */
  now: () => number;
  /** Channels that nobody used for so long are closed, streams and all. */
  idleMs: number;
  /** gRPC codes that say that nobody is there. */
  unreachable: ReadonlySet<number>;
  /** Beside those of every channel. */
  channel?: Record<string, number>;
}

/** What is told of a channel: null for an answer, or what went wrong. */
type Outcome = { code: number } | null;

/** One channel per target and service. Every call has a deadline and none is repeated. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #pool: Pool<Client>;
  readonly #redial = new Redial();

  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.#pool = new Pool<Client>(options);
  }

  /** Rejects with a ServiceError of grpc-js. */
  call<Answer>(
    target: Target,
    service: ServiceName,
    method: string,
    request: object,
    timeoutMs: number,
  ): Promise<Answer> {
    const { invoke, note } = this.#open<Unary>(target, service, method);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    invoke(request, { deadline: this.#options.now() + timeoutMs }, (error, answer) => {
      note(error);
      if (error) reject(error);
      else resolve((answer ?? {}) as Answer);
    });
    return promise;
  }

  /** A stream, and where to tell how it goes: nothing else notices that its channel is dead. */
  stream<Answer>(
    target: Target,
    service: ServiceName,
    method: string,
    metadata: Metadata,
  ): { stream: ClientDuplexStream<object, Answer>; note: (outcome: Outcome) => void } {
    const { invoke, note } = this.#open<Duplex<Answer>>(target, service, method);
    return { stream: invoke(metadata), note };
  }

  close(): void {
    this.#pool.close();
  }

  #open<Method>(
    target: Target,
    service: ServiceName,
    method: string,
  ): { invoke: Method; note: (outcome: Outcome) => void } {
    const { now, unreachable, channel } = this.#options;
    const key = `${service} ${target.address} ${target.tls ? JSON.stringify(target.tls) : ''}`;
    const client = this.#pool.get(key, () => dial(target, service, channel));
    const found = (client as unknown as Record<string, Unary & Duplex<unknown>>)[method];
    if (!found) throw new Error(`no method ${service}/${method} in the wire contract`);
    const note = (outcome: Outcome): void => {
      if (outcome === null || !unreachable.has(outcome.code)) this.#redial.answered(key);
      else if (this.#pool.has(key, client) && this.#redial.failed(key, now())) this.#pool.drop(key);
    };
    return { invoke: found.bind(client) as Method, note };
  }
}
