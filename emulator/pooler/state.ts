/** Everything a pooler knows of itself. One object per process; who changes it calls `changed`. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Id,
  LifecycleStatus,
  PoolerAddress,
  PoolerServingStatus,
  ShardKey,
} from '../../controller/topo/types.ts';
import { sameId, type RulePosition, type ShardRule, type TermRevocation } from './messages.ts';

export type Action = 'STARTING' | 'RESTORING_FROM_BACKUP' | 'CREATING_FIRST_BACKUP';

/** What a promise to a coordinator and the knowledge of the leader are kept in across restarts. */
interface Kept {
  revocation?: TermRevocation;
  primary?: PoolerAddress;
  rewindReady?: boolean;
  led?: boolean;
}

export class PoolerState {
  readonly id: Id;
  readonly shardKey: ShardKey;
  readonly hostname: string;
  readonly portMap: Record<string, number>;
  readonly startedAt = Date.now();
  private readonly file: string;
  private readonly listeners = new Set<() => void>();

  lifecycle: { status: LifecycleStatus; reason: string; updated: number };
  serving: PoolerServingStatus = 'SERVING';
  /** Role as published; PRIMARY only as the committed leader of the newest rule. */
  role: 'PRIMARY' | 'REPLICA' = 'REPLICA';
  /** An action dictates the serving status. */
  hold: PoolerServingStatus | undefined;
  /** An action keeps the published role until it is done. */
  frozenRole = false;
  /** Postgres answered at least once since this process started. */
  wasReady = false;
  action: { kind: Action; since: number } | undefined;
  hasDataDir = false;
  running = false;
  ready = false;
  /** From pg_is_in_recovery(); undefined while postgres does not answer. */
  inRecovery: boolean | undefined;
  initialized = false;
  promoting = false;
  /** The pooler stops postgres itself: its absence is no crash. */
  resigning = false;
  /** True from the first moment of a planned switch: gateways tell clients so. */
  plannedFailover = false;
  eligible = true;
  manualStop = false;
  stopping = false;
  diverged = false;
  restartsEnabled = true;
  position: RulePosition | undefined;
  lsn = '';
  /** Replay lag of a standby that has not replayed all it received. */
  lagMs = 0;
  revocation: TermRevocation | undefined;
  primary: PoolerAddress | undefined;
  rewindReady = false;
  /** This data directory was a leader's: it may hold what no other copy has. */
  led = false;

  constructor(o: {
    id: Id;
    shardKey: ShardKey;
    hostname: string;
    portMap: Record<string, number>;
    dir: string;
  }) {
    this.id = o.id;
    this.shardKey = o.shardKey;
    this.hostname = o.hostname;
    this.portMap = o.portMap;
    this.file = join(o.dir, 'consensus.json');
    this.lifecycle = {
      status: 'LIFECYCLE_STARTING',
      reason: 'process starting',
      updated: Date.now(),
    };
    try {
      const kept = JSON.parse(readFileSync(this.file, 'utf8')) as Kept;
      this.revocation = kept.revocation;
      this.primary = kept.primary;
      this.rewindReady = kept.rewindReady ?? false;
      this.led = kept.led ?? false;
    } catch {
      // First start on this volume.
    }
  }

  /** Writes promise and leader to the volume, before they are relied on. */
  keep(): void {
    const kept: Kept = { rewindReady: this.rewindReady, led: this.led };
    if (this.revocation) kept.revocation = this.revocation;
    if (this.primary) kept.primary = this.primary;
    writeFileSync(`${this.file}.new`, JSON.stringify(kept));
    renameSync(`${this.file}.new`, this.file);
  }

  /** Forgets promise and leader: the data directory they belonged to is gone. */
  forget(): void {
    this.revocation = undefined;
    this.primary = undefined;
    this.rewindReady = false;
    this.led = false;
    this.keep();
  }

  get rule(): ShardRule | undefined {
    return this.position?.decision;
  }

  get revokedBelow(): number {
    return Number(this.revocation?.revoked_below_term ?? 0);
  }

  /** The database names this pooler as leader. */
  get isRuleLeader(): boolean {
    return sameId(this.rule?.leader_id, this.id);
  }

  setLifecycle(status: LifecycleStatus, reason: string): void {
    this.lifecycle = { status, reason, updated: Date.now() };
    this.changed();
  }

  setAction(kind: Action | undefined): void {
    this.action = kind && { kind, since: Date.now() };
    this.changed();
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }
}
