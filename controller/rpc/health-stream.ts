/**
 * What a pooler tells about itself as it happens: one ManagerHealthStream that is opened again whenever it
 * breaks. Every attempt has a channel of its own, for the reason told in channels.ts.
 */
import { backoffMs, type Clock } from '../../kube/clock.ts';
import { millisOf } from '../proto/time.ts';
import type { Target } from './dial.ts';
import { connectHealth, type HealthConnection, type HealthTiming } from './health-connection.ts';
import type { HealthSnapshot, SnapshotTrigger, StatusResponse } from './types.ts';

export interface Snapshot {
  status: StatusResponse;
  trigger: SnapshotTrigger;
  /** By the pooler's clock, ms since the epoch. */
  capturedAtMs: number;
  /** By ours, ms since the epoch. */
  receivedAtMs: number;
}

/** No stream: since when, and what became of the last attempt. */
export interface Broken {
  /** Milliseconds since the epoch. */
  sinceMs: number;
  reason: string;
}

export interface HealthStreamOptions {
  target: Target;
  timing: HealthTiming;
  clock: Clock;
  /** 0 <= x < 1. */
  random: () => number;
  onSnapshot: (snapshot: Snapshot) => void;
  /** The stream opened, or broke. */
  onState: () => void;
}

/** Between attempts. The first retry is quick: most breaks are a pooler that restarts or a Service that moved. */
const RETRY = { baseMs: 200, maxMs: 5_000, jitter: 0.5 };
/** A stream that lasted so long ends the series of failures: the next break is a new one. */
const LASTING_MS = 5_000;
/** How long an attempt waits for the pooler's first message; as long as channels.ts has patience. */
const OPEN_MS = 3_000;
/**
 * The same for the first attempt after a break. The kernel repeats a lost first packet after 1 s: the
 * attempt outlives that, and still leaves time for another one before the reply is given up.
 */
const REOPEN_MS = 1_500;

interface Waiter {
  resolve: (snapshot: Snapshot) => void;
  reject: (error: Error) => void;
}

export class HealthStream {
  readonly #options: HealthStreamOptions;
  #target: Target;
  #agreed: HealthTiming;
  #connection: HealthConnection | undefined;
  #open = false;
  #openedMs = 0;
  #broken: Broken;
  /** Attempts that failed since the last stream that lasted. */
  #failures = 0;
  /** The last thing that happened is that an open stream broke. */
  #justBroke = false;
  #closed = false;
  /** One timer at a time: until the answer to an attempt, the next message, or the next attempt. */
  #cancel = (): void => {};
  /** Polls under way. The pooler answers those that come together with one snapshot. */
  #asked: Waiter[] | undefined;
  /** Polls that came while one was under way: its answer may be older than they are. */
  #queued: Waiter[] = [];
  readonly #attempting = new Set<(open: boolean) => void>();

  /** Connects at once. */
  constructor(options: HealthStreamOptions) {
    this.#options = options;
    this.#target = options.target;
    this.#agreed = options.timing;
    this.#broken = { sinceMs: options.clock.now(), reason: 'it was not reached yet' };
    this.#connect();
  }

  get target(): Target {
    return this.#target;
  }

  /** What the pooler keeps to; what we ask for before it told. */
  get timing(): HealthTiming {
    return this.#agreed;
  }

  /** Undefined while the stream is open. */
  get broken(): Broken | undefined {
    return this.#open ? undefined : this.#broken;
  }

  /** A snapshot that was captured after this call. @throws Error after `timeoutMs`, or when no stream is open */
  poll(timeoutMs: number): Promise<Snapshot> {
    const { address } = this.#target;
    if (!this.#open) return Promise.reject(new Error(`${address}: ${this.#broken.reason}`));
    const { promise, resolve, reject } = Promise.withResolvers<Snapshot>();
    const late = new Error(`${address}: no answer to a poll within ${timeoutMs} ms`);
    const cancel = this.#options.clock.after(timeoutMs, () => reject(late));
    const waiter = { resolve, reject };
    if (this.#asked) this.#queued.push(waiter);
    else this.#ask([waiter]);
    return promise.finally(cancel);
  }

  /** The outcome of the attempt under way, which begins now if none is. False after `timeoutMs`. */
  attempt(timeoutMs: number): Promise<boolean> {
    if (this.#open || this.#closed) return Promise.resolve(this.#open);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#attempting.add(resolve);
    const cancel = this.#options.clock.after(timeoutMs, () => resolve(false));
    if (!this.#connection) this.#connect();
    return promise.finally(() => {
      cancel();
      this.#attempting.delete(resolve);
    });
  }

  /** A new address is dialled at once; new credentials count from the next connection on. */
  retarget(target: Target): void {
    const moved = target.address !== this.#target.address;
    this.#target = target;
    if (!moved || this.#closed) return;
    this.#failures = 0;
    this.#drop(`its address became ${target.address}`);
    if (!this.#closed && !this.#connection) this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#drop('closed');
  }

  #connect(): void {
    const { clock, random, timing } = this.#options;
    this.#cancel();
    const connection = connectHealth(this.#target, timing, {
      onStart: (agreed) => {
        if (this.#connection === connection) this.#opened(agreed);
      },
      onSnapshot: (snapshot) => {
        if (this.#connection === connection) this.#heard(snapshot);
      },
      onEnd: (reason) => {
        if (this.#connection !== connection) return;
        this.#drop(reason);
        // who was told may have closed or moved this stream
        if (this.#closed || this.#connection) return;
        const ms = backoffMs(this.#failures++, RETRY, random);
        this.#cancel = clock.after(ms, () => this.#connect());
      },
    });
    this.#connection = connection;
    const limitMs = this.#justBroke ? REOPEN_MS : OPEN_MS;
    this.#justBroke = false;
    this.#cancel = clock.after(limitMs, () => connection.end(`no answer for ${limitMs / 1000} s`));
  }

  #opened(agreed: HealthTiming): void {
    this.#agreed = agreed;
    this.#open = true;
    this.#openedMs = this.#options.clock.now();
    this.#watchSilence();
    for (const resolve of this.#attempting) resolve(true);
    this.#options.onState();
  }

  #heard({ status, trigger, captured_at }: HealthSnapshot): void {
    if (!status || !this.#open) return;
    const receivedAtMs = this.#options.clock.now();
    this.#watchSilence();
    const snapshot: Snapshot = {
      status,
      trigger: trigger ?? 'SNAPSHOT_TRIGGER_BROADCAST',
      capturedAtMs: millisOf(captured_at),
      receivedAtMs,
    };
    this.#options.onSnapshot(snapshot);
    if (trigger !== 'SNAPSHOT_TRIGGER_POLL') return;
    const answered = this.#asked ?? [];
    this.#asked = undefined;
    for (const waiter of answered) waiter.resolve(snapshot);
    if (this.#queued.length > 0) this.#ask(this.#queued.splice(0));
  }

  #ask(waiters: Waiter[]): void {
    this.#asked = waiters;
    this.#connection?.poll();
  }

  #watchSilence(): void {
    const { stalenessMs } = this.#agreed;
    const connection = this.#connection;
    this.#cancel();
    this.#cancel = this.#options.clock.after(stalenessMs, () =>
      connection?.end(`nothing heard for ${stalenessMs / 1000} s`),
    );
  }

  /** Ends the connection, and tells everybody who waits for it. */
  #drop(reason: string): void {
    this.#cancel();
    const connection = this.#connection;
    const wasOpen = this.#open;
    this.#connection = undefined;
    this.#open = false;
    connection?.end(reason);
    const nowMs = this.#options.clock.now();
    if (wasOpen && nowMs - this.#openedMs >= LASTING_MS) this.#failures = 0;
    this.#justBroke = wasOpen;
    this.#broken = { sinceMs: wasOpen ? nowMs : this.#broken.sinceMs, reason };
    const waiting = [...(this.#asked ?? []), ...this.#queued.splice(0)];
    this.#asked = undefined;
    for (const { reject } of waiting) reject(new Error(`${this.#target.address}: ${reason}`));
    for (const resolve of this.#attempting) resolve(false);
    if (wasOpen && !this.#closed) this.#options.onState();
  }
}
