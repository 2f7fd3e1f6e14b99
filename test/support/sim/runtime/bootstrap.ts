/** How an empty volume gets its data: the first backup of a new shard, or a restore of the newest. */
import type { ShardContext } from './context.ts';
import type { Pooler } from './pooler.ts';
import type { Wal } from './volume.ts';

const LOSER_MS = 250;

export class Bootstrap {
  readonly #ctx: ShardContext;
  readonly #pooler: Pooler;

  constructor(ctx: ShardContext, pooler: Pooler) {
    this.#ctx = ctx;
    this.#pooler = pooler;
  }

  fill(): void {
    if (this.#ctx.repository.newest) this.#restore();
    else this.#firstBackup();
  }

  #restore(): void {
    const { repository, pace } = this.#ctx;
    const pooler = this.#pooler;
    pooler.begin('RESTORING_FROM_BACKUP');
    pooler.after(pace.restore, () => {
      const { newest } = repository;
      if (!newest) return pooler.begin(undefined);
      Object.assign(pooler.volume, {
        wal: newest.wal,
        restoredFromMs: newest.endMs,
        led: false,
        target: undefined,
      });
      pooler.postgres.start();
    });
  }

  /** Everybody makes a server of its own; one of them gets to back it up; all throw theirs away. */
  #firstBackup(): void {
    const { pace } = this.#ctx;
    const pooler = this.#pooler;
    pooler.begin('CREATING_FIRST_BACKUP');
    pooler.after(pace.initdb, () => {
      pooler.postgres.state = 'INITIAL';
      pooler.changed();
      const { repository } = this.#ctx;
      if (repository.lockedBy !== undefined || repository.newest) return this.#wait();
      repository.lockedBy = pooler.id.name;
      const startMs = this.#ctx.clock.now();
      pooler.after(pace.backup, () => {
        const wal = this.#firstWal();
        repository.add({ type: 'full', wal, startMs, endMs: this.#ctx.clock.now() });
        repository.lockedBy = undefined;
        this.#ctx.tell(`first backup is made by ${pooler.pod}`);
        this.#end();
      });
    });
  }

  #firstWal(): Wal {
    const { policy, clock } = this.#ctx;
    const rule = { term: 0, subterm: 1, cohort: [], policy, createdMs: clock.now() };
    return { lsn: 1, rule };
  }

  #wait(): void {
    if (this.#ctx.repository.lockedBy === undefined) this.#end();
    else this.#pooler.after([LOSER_MS, LOSER_MS], () => this.#wait());
  }

  #end(): void {
    this.#pooler.postgres.state = 'DOWN';
    this.#pooler.begin(undefined);
  }
}
