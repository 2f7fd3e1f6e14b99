/** A client that writes rows one after the other, as fast as they are confirmed, and remembers what was. */
import { compareRules } from '../../../../emulator/orch/model.ts';
import type { ShardContext } from './context.ts';
import type { Pooler } from './pooler.ts';
import { isAcknowledged, replicate } from './replication.ts';
import type { Wal } from './volume.ts';
import { append, holds } from './volume.ts';

export class Writer {
  readonly #ctx: ShardContext;
  #pending: { leader: Pooler; entry: Wal } | undefined;
  #rows = 0;
  #ackedMs: number | undefined;
  #longestMs = 0;
  /** The newest row that was confirmed; those before it are in the same log. */
  acknowledged: Wal | undefined;
  /** Statements whose outcome the client never heard. */
  inDoubt = 0;

  constructor(ctx: ShardContext) {
    this.#ctx = ctx;
    this.#tick();
  }

  /** Longest time without a confirmed row since the first one or the last `resetPause`, in ms. */
  get longestPauseMs(): number {
    const open = this.#ackedMs === undefined ? 0 : this.#ctx.clock.now() - this.#ackedMs;
    return Math.max(this.#longestMs, open);
  }

  get writes(): boolean {
    return this.acknowledged !== undefined;
  }

  resetPause(): void {
    this.#longestMs = 0;
    this.#ackedMs &&= this.#ctx.clock.now();
  }

  /** Where a gateway sends writes: the highest rule among those that call themselves PRIMARY and serve. */
  primary(): Pooler | undefined {
    return [...this.#ctx.poolers.values()]
      .filter(({ up, isPrimary, serving }) => up && isPrimary && serving === 'SERVING')
      .toSorted((a, b) => {
        const [left, right] = [a.volume.wal?.rule, b.volume.wal?.rule];
        return left && right ? compareRules(right, left) : 0;
      })[0];
  }

  /** Whether this log has every confirmed row. */
  isComplete(wal: Wal | undefined): boolean {
    return this.acknowledged === undefined || holds(wal, this.acknowledged);
  }

  #tick(): void {
    const { clock, pace } = this.#ctx;
    clock.after(pace.write, () => {
      this.#write();
      this.#tick();
    });
  }

  #write(): void {
    const leader = this.primary();
    if (this.#pending && this.#pending.leader !== leader) {
      this.inDoubt += 1;
      this.#pending = undefined;
    }
    const { wal } = leader?.volume ?? {};
    if (!leader || !wal) return;
    if (!this.#pending) {
      this.#rows += 1;
      const entry = append(wal, { row: this.#rows });
      leader.volume.wal = entry;
      this.#pending = { leader, entry };
    }
    replicate(this.#ctx, leader);
    if (!isAcknowledged(this.#ctx, leader, this.#pending.entry)) return;
    const nowMs = this.#ctx.clock.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - (this.#ackedMs ?? nowMs));
    this.#ackedMs = nowMs;
    this.acknowledged = this.#pending.entry;
    this.#pending = undefined;
  }
}
