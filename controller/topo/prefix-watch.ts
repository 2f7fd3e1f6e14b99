/**
 * A copy of everything under one prefix of etcd, kept true by a watch. It is read in full first, and again
 * whenever the watch broke: a compacted revision, a server that lost its data and a gap of any kind need no
 * care of their own.
 */
import { textOf } from '../../schemas/text.ts';
import { backoffMs, sleep, type Clock } from '../../kube/clock.ts';
import type { EtcdClient } from './client.ts';
import type { KeyValue, WatchEvent } from './etcd.ts';

/** A value as read, with what it says. */
export interface Item<T> {
  kv: KeyValue;
  value: T;
}

export interface ItemChange<T> {
  before: Item<T> | undefined;
  after: Item<T> | undefined;
}

interface PrefixWatchOptions<T> {
  /** Asked for at every use: clients that nobody asks for are closed. */
  client: () => EtcdClient;
  prefix: string;
  /** Undefined or an error for what is none of ours: it is left out. */
  decode: (value: Buffer) => T | undefined;
  clock: Clock;
  /** 0 <= x < 1. */
  random: () => number;
  onChanges: (changes: ItemChange<T>[]) => void;
  /** The first reading is done, or the server became unreachable or came back. */
  onState: () => void;
}

/** A server that lost its data counts its revisions anew. */
const isSame = (a: KeyValue, b: KeyValue): boolean =>
  a.modRevision === b.modRevision && a.value.equals(b.value);

const RETRY = { baseMs: 200, maxMs: 5_000, jitter: 0.5 };
/** A watch that lasted so long ends the series of failures. */
const LASTING_MS = 5_000;

export class PrefixWatch<T> {
  readonly #options: PrefixWatchOptions<T>;
  readonly #end = new AbortController();
  readonly #items = new Map<string, Item<T>>();
  #wake = new AbortController();
  /** What the copy is true of; '0' before the first reading. */
  #revision = 0n;
  #watching = false;
  #read = false;
  #error: string | undefined;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;

  /** Begins at once. */
  constructor(options: PrefixWatchOptions<T>) {
    this.#options = options;
    void this.#run();
  }

  get items(): ReadonlyMap<string, Item<T>> {
    return this.#items;
  }

  /** It was read in full at least once. */
  get hasSynced(): boolean {
    return this.#read;
  }

  /** Why the server cannot be read; the copy is what it last said. */
  get error(): string | undefined {
    return this.#error;
  }

  /** A full reading that begins after this call. Never rejects; false when the server cannot be read. */
  refresh(): Promise<boolean> {
    if (!this.#running) return this.#start();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  close(): void {
    this.#end.abort();
  }

  #start(): Promise<boolean> {
    const reading = this.#readAll().then(
      () => {
        this.#settle(undefined);
        return true;
      },
      (error: unknown) => {
        this.#settle(textOf(error));
        return false;
      },
    );
    this.#running = reading.finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #readAll(): Promise<void> {
    const { client, prefix } = this.#options;
    const { kvs, revision } = await client().snapshot(prefix);
    const at = BigInt(revision);
    // the watch is ahead of this answer; without one it is the newest that there is, even if it is lower
    if (this.#end.signal.aborted || (this.#watching && at < this.#revision)) return;
    this.#revision = at;
    const found = new Set(kvs.map(({ key }) => key));
    const gone = [...this.#items.keys()].filter((key) => !found.has(key));
    this.#apply([...gone.map((key) => ({ key })), ...kvs.map((kv) => ({ key: kv.key, kv }))]);
  }

  #settle(error: string | undefined): void {
    if (this.#end.signal.aborted) return;
    const isNews = (error === undefined) !== (this.#error === undefined && this.#read);
    this.#error = error;
    if (error === undefined) this.#read = true;
    if (!isNews) return;
    // it can be read again: the watch need not wait for its turn
    if (error === undefined) this.#wake.abort();
    this.#options.onState();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#end;
    for (let failures = 0; !signal.aborted; failures++) {
      let openedMs: number | undefined;
      if (await this.refresh()) {
        openedMs = clock.now();
        await this.#watch();
      }
      if (signal.aborted) return;
      if (openedMs !== undefined && clock.now() - openedMs >= LASTING_MS) failures = 0;
      this.#wake = new AbortController();
      const either = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(clock, backoffMs(failures, RETRY, random), either);
    }
  }

  /** Resolves when the watch broke. What broke it shows in the reading that follows, if it lasts. */
  async #watch(): Promise<void> {
    const { client, prefix } = this.#options;
    this.#watching = true;
    try {
      const after = String(this.#revision);
      await client().watch(prefix, after, (events) => this.#take(events), this.#end.signal);
    } catch {
      // the loop reads in full and watches again
    }
    this.#watching = false;
  }

  #take(events: WatchEvent[]): void {
    if (this.#end.signal.aborted) return;
    const newer = events.filter(({ kv }) => BigInt(kv.modRevision) > this.#revision);
    const last = newer.at(-1);
    if (!last) return;
    this.#revision = BigInt(last.kv.modRevision);
    this.#apply(
      newer.map(({ type, kv }) => ({ key: kv.key, kv: type === 'put' ? kv : undefined })),
    );
  }

  #apply(writes: { key: string; kv?: KeyValue | undefined }[]): void {
    const changes = writes.flatMap(({ key, kv }): ItemChange<T>[] => {
      const before = this.#items.get(key);
      if (before && kv && isSame(before.kv, kv)) return [];
      const after = kv && this.#itemOf(kv);
      if (after) this.#items.set(key, after);
      else this.#items.delete(key);
      return before || after ? [{ before, after }] : [];
    });
    if (changes.length > 0) this.#options.onChanges(changes);
  }

  #itemOf(kv: KeyValue): Item<T> | undefined {
    try {
      const value = this.#options.decode(kv.value);
      return value === undefined ? undefined : { kv, value };
    } catch {
      return undefined;
    }
  }
}
