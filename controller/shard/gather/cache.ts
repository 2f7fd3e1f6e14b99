/** What a reconciler remembers of a shard between passes. Losing it costs time, never safety. */
import type { BackupMetadata, StatusResponse } from '../../rpc/types.ts';
import type { BackupAttempt } from '../plan/fresh-backup.ts';
import type { Built, Settled } from '../settled.ts';
import type { TopoMaterialMemory } from '../../observe/topo-tls.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';

/** A pod as it was last seen. */
export interface PodTrace {
  uid: string;
  node?: string;
  /** All its containers had ended: nothing of it can run any more. */
  terminated: boolean;
}

/** A value that was read some time ago. */
export interface Dated<T> {
  atMs: number;
  value: T;
}

export interface ShardMemory extends TopoMaterialMemory {
  pods: Map<string, PodTrace>;
  /** Since when a pod that should exist does not, ms since the epoch. */
  missingSince: Map<string, number>;
  /** Children of the current specification. */
  built?: Built;
  settled?: Settled;
  /** Last Status reply per pooler: bridges a single call that failed. */
  replies: Map<string, Dated<StatusResponse>>;
  /** Since when a serving shard lacks a useful standby or a member of its cohort. */
  incompleteSinceMs?: number;
  /** Problems of the Secrets that the user provides. */
  secrets?: Dated<string[]>;
  certificatesAtMs?: number;
  backups?: Dated<BackupMetadata[]>;
  backupsAskedAtMs?: number;
  /** Backup for members that are new; forgotten when there are none. */
  freshBackup?: BackupAttempt;
  /** When a reload was last asked of a pod. */
  reloads: Map<string, number>;
  tls?: Dated<TlsMaterial | undefined>;
}

export const emptyMemory = (): ShardMemory => ({
  pods: new Map(),
  missingSince: new Map(),
  replies: new Map(),
  reloads: new Map(),
});
