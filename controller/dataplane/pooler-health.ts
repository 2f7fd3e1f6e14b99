/** What is known of one pooler: its last reply, for as long as that counts, over a stream that is kept open. */
import type { Clock } from '../../kube/clock.ts';
import type { Rpc } from '../rpc/client.ts';
import type { Target } from '../rpc/dial.ts';
import { HealthStream, type Broken } from '../rpc/health-stream.ts';
import type { StatusResponse } from '../rpc/types.ts';
import { whatMatters } from './matters.ts';

export interface HeardReply {
  value: StatusResponse;
  /** When it arrived, ms since the epoch. */
  atMs: number;
  /** The stream is open, and this came over it. */
  live: boolean;
}

/**
 * The runtime pushes what its pooler does (role, rule, readiness) but not what its postgres notices by
 * itself (followers, the WAL receiver): that shows in the next heartbeat. 5 s, the runtime's own default,
 * is the longest that lets a status follow a failover within 5 s. One heartbeat costs the pooler a few
 * queries; 1,000 shards of 3 poolers send 600 of them a second, a third of the calls that asking every two
 * seconds makes (docs/performance.md has the CPU time of one).
 *
 * Three heartbeats must be missing before silence means something: a loaded node may delay one.
 */
export const HEALTH_TIMING = { intervalMs: 5_000, stalenessMs: 15_000 } as const;

/**
 * How long the last reply outlives its stream. A pooler that is killed breaks its stream at once and cannot
 * be reached again: it is gone from the answers after these 2 s, so within the 3 s that are wanted. A
 * pooler that only restarted a connection is back long before: the first attempt begins after 0.2 to 0.3 s and
 * survives the loss of its first packet, which the kernel sends again after 1 s.
 */
const BREAK_GRACE_MS = 2_000;

/** A stream that breaks under a poll is worth a second one. */
const POLL_TRIES = 2;

interface PoolerHealthOptions {
  target: Target;
  clock: Clock;
  random: () => number;
  rpc: Pick<Rpc, 'poolerStatus'>;
  onChange: () => void;
}

export class PoolerHealth {
  readonly #options: PoolerHealthOptions;
  readonly #stream: HealthStream;
  #last: HeardReply | undefined;
  /** Of the last reply. */
  #matters = '';
  #told = '';
  #cancel = (): void => {};

  /** Connects at once. */
  constructor(options: PoolerHealthOptions) {
    this.#options = options;
    const { target, clock, random } = options;
    this.#stream = new HealthStream({
      ...{ target, clock, random, timing: HEALTH_TIMING },
      onSnapshot: ({ status, receivedAtMs }) => this.#take(status, receivedAtMs, true),
      onState: () => {
        if (this.#last) this.#last = { ...this.#last, live: false };
        this.#tell();
      },
    });
    this.#told = this.#summary();
  }

  get reply(): HeardReply | undefined {
    const last = this.#last;
    return last && this.#options.clock.now() < this.#endMs(last) ? last : undefined;
  }

  get broken(): Broken | undefined {
    return this.#stream.broken;
  }

  retarget(target: Target): void {
    this.#stream.retarget(target);
  }

  /**
   * Asks for a reply that is newer than this call: over the stream, or by a call of its own if the pooler
   * refuses the stream. False when none came within `timeoutMs`.
   */
  async poll(timeoutMs: number): Promise<boolean> {
    const { clock, rpc } = this.#options;
    const endMs = clock.now() + timeoutMs;
    const leftMs = (): number => Math.max(1, endMs - clock.now());
    for (let tries = 0; tries < POLL_TRIES && (await this.#stream.attempt(leftMs())); tries++) {
      try {
        await this.#stream.poll(leftMs());
        return true;
      } catch {
        if (!this.#stream.broken) return false;
      }
    }
    try {
      const value = await rpc.poolerStatus(this.#stream.target, leftMs());
      if (this.#stream.broken) this.#take(value, clock.now(), false);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#cancel();
    this.#stream.close();
  }

  /** When the last reply stops to count, ms since the epoch. */
  #endMs(last: HeardReply): number {
    const { broken, timing } = this.#stream;
    const staleMs = last.atMs + timing.stalenessMs;
    return broken
      ? Math.min(staleMs, Math.max(broken.sinceMs, last.atMs) + BREAK_GRACE_MS)
      : staleMs;
  }

  #take(value: StatusResponse, atMs: number, live: boolean): void {
    this.#last = { value, atMs, live };
    this.#matters = whatMatters(value);
    this.#tell();
  }

  #summary(): string {
    const { reply } = this;
    return reply ? `${reply.live} ${this.#matters}` : '';
  }

  /** Tells of a change now, and looks again when the reply ends to count. */
  #tell(): void {
    const { clock, onChange } = this.#options;
    this.#cancel();
    const last = this.#last;
    const leftMs = last ? this.#endMs(last) - clock.now() : 0;
    if (leftMs > 0) this.#cancel = clock.after(leftMs, () => this.#tell());
    const summary = this.#summary();
    if (summary === this.#told) return;
    this.#told = summary;
    onChange();
  }
}
