/** What lies on a pooler's volume, and the write-ahead log: entries that know the one before them. */
import type { ComponentId, Rule, RuleNumber } from '../../../../emulator/orch/model.ts';

/** One entry of the log. Two copies have the same history up to the last entry that they share. */
export interface Wal {
  readonly prev?: Wal;
  readonly lsn: number;
  /** The rule in force from this entry on. */
  readonly rule: Rule;
  /** Number of the client's row that this entry wrote. */
  readonly row?: number;
}

/** The settings that a standby must not have lower than the server whose log it replays. */
export const CONTROLLED = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
] as const;
export type Control = Partial<Record<(typeof CONTROLLED)[number], number>>;

export interface Volume {
  /** End of the log; undefined while there is no data. */
  wal: Wal | undefined;
  /** It was written as a leader and has not been rewound since. */
  led: boolean;
  /** Every term below this one is revoked. */
  revokedBelow: number;
  revokedBy: string;
  revokedAtMs: number;
  /** Whom it follows, and by which rule. */
  target: { leader: ComponentId; rule: RuleNumber } | undefined;
  /** As its control file has them. */
  control: Control;
  /** When the backup that it began with was made; undefined for data that never was restored. */
  restoredFromMs: number | undefined;
}

export const emptyVolume = (): Volume => ({
  wal: undefined,
  led: false,
  revokedBelow: 0,
  revokedBy: '',
  revokedAtMs: 0,
  target: undefined,
  control: {},
  restoredFromMs: undefined,
});

/** The disk is replaced by an empty one. */
export function wipe(volume: Volume): void {
  Object.assign(volume, emptyVolume());
}

export const append = (prev: Wal, change: { rule?: Rule; row?: number }): Wal => ({
  prev,
  lsn: prev.lsn + 1,
  rule: change.rule ?? prev.rule,
  ...(change.row === undefined ? {} : { row: change.row }),
});

/** Whether `wal` holds everything up to `entry`. */
export function holds(wal: Wal | undefined, entry: Wal): boolean {
  let at = wal;
  while (at && at.lsn > entry.lsn) at = at.prev;
  return at === entry;
}

/** As PostgreSQL writes positions. */
export const lsnText = (lsn: number): string => `0/${(lsn * 256).toString(16).toUpperCase()}`;
