/**
 * One process of a multipooler: registers, looks after its PostgreSQL, does what it is told, stops. Elections
 * change it from outside (election.ts).
 */
import type { ComponentId, RuleNumber } from '../../../../emulator/orch/model.ts';
import { topoKeys } from '../../../../controller/topo/keys.ts';
import type { Range } from '../pace.ts';
import { later } from '../nodes/context.ts';
import { Bootstrap } from './bootstrap.ts';
import type { ShardContext } from './context.ts';
import { Postgres } from './postgres.ts';
import { RecordPublisher } from './record.ts';
import type { Volume } from './volume.ts';

export interface PoolerOptions {
  id: ComponentId;
  pod: string;
  node: string;
  hostname: string;
  volume: Volume;
  /** Text of the settings file as it is mounted. */
  file: string;
  /** Its readiness may have changed. */
  onChange: () => void;
}

type Lifecycle = 'STARTING' | 'ACTIVE' | 'STOPPING' | 'SHUTDOWN' | 'QUARANTINED';
type Action = 'STARTING' | 'RESTORING_FROM_BACKUP' | 'CREATING_FIRST_BACKUP';

const REGISTER_RETRY: Range = [500, 500];
const SHUTDOWN_RETRY: Range = [200, 200];
/** It ends without its last record after this time. */
const SHUTDOWN_RECORD_MS = 10_000;

export class Pooler {
  readonly id: ComponentId;
  readonly pod: string;
  readonly node: string;
  readonly hostname: string;
  readonly postgres: Postgres;
  readonly #ctx: ShardContext;
  readonly #onChange: () => void;
  readonly #record: RecordPublisher;
  readonly #bootstrap: Bootstrap;
  /** Told when the process ends before what it was asked for was done. */
  readonly #broken = new Set<() => void>();
  up = true;
  /** Its gRPC port answers, and it is registered. */
  listening = false;
  lifecycle: Lifecycle = 'STARTING';
  reason = 'process starting';
  lifecycleMs: number;
  serving: 'SERVING' | 'DRAINING' | 'DISABLED' = 'SERVING';
  action: Action | undefined;
  actionMs = 0;
  /** An action holds its lock. */
  busy = false;
  resigning = false;
  /** StopReplication was called. */
  paused = false;

  constructor(ctx: ShardContext, options: PoolerOptions) {
    this.#ctx = ctx;
    this.id = options.id;
    this.pod = options.pod;
    this.node = options.node;
    this.hostname = options.hostname;
    this.#onChange = options.onChange;
    this.postgres = new Postgres(ctx, this, options.volume, options.file);
    this.lifecycleMs = ctx.clock.now();
    this.#record = new RecordPublisher(ctx, this);
    this.#bootstrap = new Bootstrap(ctx, this);
    ctx.poolers.set(this.id.name, this);
    this.after(ctx.pace.register, () => this.#register());
  }

  get volume(): Volume {
    return this.postgres.volume;
  }

  get stopping(): boolean {
    return this.lifecycle === 'STOPPING' || this.lifecycle === 'SHUTDOWN';
  }

  get eligible(): boolean {
    return !this.stopping && !this.paused && this.lifecycle !== 'QUARANTINED';
  }

  get isPrimary(): boolean {
    return this.postgres.state === 'PRIMARY';
  }

  /** The pooler whose server its own streams from. */
  get upstream(): Pooler | undefined {
    return this.postgres.upstream;
  }

  /** Runs `fn` later, unless the process has ended by then. */
  after(range: Range, fn: () => void): void {
    later(this.#ctx, range, () => this.up && fn());
  }

  /** Calls `failed` when the process ends before the returned function was called. */
  orElse(failed: () => void): () => void {
    this.#broken.add(failed);
    return () => this.#broken.delete(failed);
  }

  changed(): void {
    this.#record.publish();
    this.#ctx.changed();
  }

  begin(action: Action | undefined): void {
    this.action = action;
    this.actionMs = this.#ctx.clock.now();
    this.busy = action !== undefined;
    this.changed();
  }

  /** SetPrimary: whom to follow from now on. */
  follow(leader: ComponentId, rule: RuleNumber): void {
    if (this.paused || this.stopping) return;
    this.postgres.follow(leader, rule);
    this.changed();
  }

  /** ResignLeadership: becomes a standby and asks to be replaced. */
  resign(done: () => void): void {
    this.busy = true;
    this.serving = 'DRAINING';
    this.changed();
    this.after(this.#ctx.pace.resign, () => {
      this.resigning = true;
      this.postgres.unfollow();
      this.serving = 'SERVING';
      this.busy = false;
      this.changed();
      done();
    });
  }

  /** SIGTERM. */
  terminate(ended: () => void): void {
    const { pace, clock } = this.#ctx;
    const stop = this.isPrimary ? pace.stopLeader : pace.stopStandby;
    this.#setLifecycle('STOPPING', 'process stopping');
    this.serving = 'DISABLED';
    this.changed();
    this.after(stop, () => {
      this.postgres.unfollow();
      this.postgres.state = 'DOWN';
      this.#setLifecycle('SHUTDOWN', 'process stopped');
      this.#ctx.changed();
      this.#leave(ended, clock.now() + SHUTDOWN_RECORD_MS);
    });
  }

  /** kill -9. */
  kill(): void {
    if (!this.up) return;
    this.up = false;
    this.listening = false;
    this.postgres.state = 'DOWN';
    const { repository } = this.#ctx;
    if (repository.lockedBy === this.id.name) repository.lockedBy = undefined;
    for (const failed of this.#broken) failed();
    this.#ctx.changed();
  }

  #setLifecycle(lifecycle: Lifecycle, reason: string): void {
    this.lifecycle = lifecycle;
    this.reason = reason;
    this.lifecycleMs = this.#ctx.clock.now();
  }

  #leave(ended: () => void, limitMs: number): void {
    if (!this.#record.publish() && this.#ctx.clock.now() < limitMs) {
      this.after(SHUTDOWN_RETRY, () => this.#leave(ended, limitMs));
      return;
    }
    this.kill();
    ended();
  }

  #register(): void {
    const { etcd, root, shardKey } = this.#ctx;
    if (
      !this.#ctx.reachesTopology(this.node) ||
      !etcd.get(topoKeys.database(root, shardKey.database))
    ) {
      this.after(REGISTER_RETRY, () => this.#register());
      return;
    }
    this.listening = true;
    this.changed();
    this.#onChange();
    this.#monitor();
  }

  #monitor(): void {
    const { monitor } = this.#ctx.pace;
    this.after([monitor, monitor], () => {
      if (!this.busy && this.eligible) this.#round();
      this.#monitor();
    });
  }

  #round(): void {
    const { postgres } = this;
    if (!this.volume.wal) return this.#bootstrap.fill();
    if (postgres.state === 'DOWN') return postgres.start();
    if (this.lifecycle === 'STARTING') this.#setLifecycle('ACTIVE', 'pooler active');
    if (postgres.state === 'STANDBY') {
      // The rule names this copy as leader, but it came back as a standby: somebody else must lead.
      if (postgres.isRuleLeader && !this.volume.target) this.resigning = true;
      if (this.volume.target && !this.upstream && postgres.diverged) postgres.rewind();
    }
    this.changed();
  }
}
