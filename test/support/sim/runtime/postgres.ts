/** The PostgreSQL of one pooler: what it is, whom it follows, starting, rewinding, giving up leadership. */
import { ELECTION_BACK_OFF_MS } from '../../../../emulator/orch/elect.ts';
import type { ComponentId, RuleNumber } from '../../../../emulator/orch/model.ts';
import { compareRules, sameId } from '../../../../emulator/orch/model.ts';
import type { ShardContext } from './context.ts';
import { findLive } from './context.ts';
import type { Pooler } from './pooler.ts';
import { Settings } from './settings.ts';
import type { Volume } from './volume.ts';
import { holds } from './volume.ts';

/** INITIAL: the throw-away server of a first backup. */
export type ServerState = 'DOWN' | 'INITIAL' | 'STARTING' | 'STANDBY' | 'PROMOTING' | 'PRIMARY';

export class Postgres {
  readonly settings: Settings;
  readonly volume: Volume;
  readonly #ctx: ShardContext;
  readonly #pooler: Pooler;
  state: ServerState = 'DOWN';
  /** Out of recovery: pg_promote is done, although its rule may still wait for a standby's word. */
  promoted = false;
  /** When a standby last heard of its leader. */
  heardMs = 0;
  /** The oldest position that a leader's log still has. */
  keptLsn = 0;
  /** Whom it was told to follow since it started, and from when on it streams. */
  #followed: ComponentId | undefined;
  #followsMs = 0;

  /** @param file text of the settings as they are mounted */
  constructor(ctx: ShardContext, pooler: Pooler, volume: Volume, file: string) {
    this.#ctx = ctx;
    this.#pooler = pooler;
    this.volume = volume;
    this.settings = new Settings(file);
  }

  get ready(): boolean {
    return ['STANDBY', 'PROMOTING', 'PRIMARY'].includes(this.state);
  }

  get isRuleLeader(): boolean {
    return sameId(this.volume.wal?.rule.leader, this.#pooler.id);
  }

  /** The server that it follows, while it streams from it. */
  get upstream(): Pooler | undefined {
    const leader = this.#leader();
    const { wal, led, restoredFromMs } = this.volume;
    const follows = this.state === 'STANDBY' && !this.#pooler.paused && !led;
    if (!follows || !leader || !wal || this.#ctx.clock.now() < this.#followsMs) return undefined;
    if (!holds(leader.volume.wal, wal)) return undefined;
    const isTooOld = restoredFromMs !== undefined && wal.lsn < leader.postgres.keptLsn;
    return isTooOld && !this.#ctx.keepsLog ? undefined : leader;
  }

  /** Its log has what the leader's has not. */
  get diverged(): boolean {
    const leader = this.#leader();
    const { wal, led } = this.volume;
    return led || (leader !== undefined && wal !== undefined && !holds(leader.volume.wal, wal));
  }

  /** Refused for a rule that is older than what it knows or promised. */
  follow(leader: ComponentId, rule: RuleNumber): void {
    const { clock, random, pace } = this.#ctx;
    const { wal, revokedBelow, revokedAtMs } = this.volume;
    const isElecting = rule.term < revokedBelow && clock.now() - revokedAtMs < ELECTION_BACK_OFF_MS;
    const isOld = wal !== undefined && compareRules(rule, wal.rule) < 0;
    if (!this.ready || isOld || isElecting) return;
    this.volume.target = { leader, rule };
    if (!sameId(this.#followed, leader)) {
      this.#followed = leader;
      this.#followsMs = clock.now() + random.between(...pace.follow);
    }
    if (this.state === 'PRIMARY') this.#demote();
    if (this.diverged) this.rewind();
  }

  /** Follows nobody; a leader becomes a standby. */
  unfollow(): void {
    this.volume.target = undefined;
    this.#followed = undefined;
    if (this.state === 'PRIMARY' || this.state === 'PROMOTING') this.#demote();
  }

  /** Throws away what the leader does not have. */
  rewind(): void {
    const pooler = this.#pooler;
    if (pooler.busy || !this.#leader()?.postgres.promoted) return;
    pooler.busy = true;
    pooler.serving = 'DISABLED';
    this.state = 'DOWN';
    pooler.after(this.#ctx.pace.rewind, () => {
      const leader = this.#leader();
      if (leader?.postgres.promoted) {
        Object.assign(this.volume, { wal: leader.volume.wal, led: false });
      }
      this.start(true);
    });
  }

  /**
   * A stopped server always comes back as a standby, unless its settings are below its control file's. Of whom
   * it followed as a leader it knows nothing, but for what a rewind has told it.
   */
  start(isRewound = false): void {
    const pooler = this.#pooler;
    this.state = 'STARTING';
    this.#followed = undefined;
    pooler.serving = 'DRAINING';
    pooler.begin('STARTING');
    pooler.after(this.#ctx.pace.startPostgres, () => {
      const lowered = this.settings.below(this.volume.control);
      if (lowered === undefined) this.#started(isRewound);
      else {
        this.state = 'DOWN';
        this.#ctx.tell(`PostgreSQL of ${pooler.pod} does not start: ${lowered} is too low`);
      }
      pooler.begin(undefined);
    });
  }

  /** pg_promote. */
  promote(): void {
    this.promoted = true;
    this.volume.led = true;
  }

  /** After an election; the rule is written already. */
  lead(): void {
    this.state = 'PRIMARY';
    this.keptLsn = (this.volume.wal?.lsn ?? 0) - KEPT;
    this.volume.control = this.settings.control;
  }

  #started(isRewound: boolean): void {
    this.settings.start();
    this.state = 'STANDBY';
    this.#pooler.serving = 'SERVING';
    const { target } = this.volume;
    if (this.isRuleLeader && !isRewound) this.volume.target = undefined;
    else if (target) this.follow(target.leader, target.rule);
  }

  /** Its standbys have everything when it stops in order. */
  #demote(): void {
    const { wal } = this.volume;
    for (const { postgres, volume } of this.#ctx.poolers.values()) {
      if (wal && postgres.upstream === this.#pooler) volume.wal = wal;
    }
    this.state = 'STANDBY';
    this.promoted = false;
    this.volume.led = true;
  }

  #leader(): Pooler | undefined {
    const leader = findLive(this.#ctx, this.volume.target?.leader);
    if (!leader || leader === this.#pooler) return undefined;
    if (!this.#ctx.linked(this.#pooler.node, leader.node)) return undefined;
    const { state } = leader.postgres;
    return state === 'PRIMARY' || state === 'PROMOTING' ? leader : undefined;
  }
}

/** Entries of the log that a new leader still has: those of about ten seconds of writing. */
const KEPT = 100;
