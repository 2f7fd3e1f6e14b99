/** Answers kept between the passes of one process. Losing them costs time, never a decision. */
import type { Shard } from '../../../schemas/types.ts';
import type { Deps } from '../../deps.ts';
import type { BackupMetadata, DetectedProblem } from '../../rpc/types.ts';
import type { TlsMaterial } from '../../rpc/tls.ts';
import type { TopoMaterialMemory } from '../../observe/credentials.ts';
import type { ShardChildren } from '../desired/index.ts';
import type { BackupAttempt, Checkpoint, Job, PodTrace, Reload } from '../state/state.ts';

/** A value that was read some time ago. */
interface Dated<T> {
  atMs: number;
  value: T;
}

export interface ShardCache extends TopoMaterialMemory {
  traces: Map<string, PodTrace>;
  /** Children by everything that they are made of. */
  built?: { key: string; children: ShardChildren };
  /** Since when a serving shard lacks a useful standby or a member of its cohort. */
  incompleteSinceMs?: number;
  secrets?: Dated<string[]>;
  certificatesAtMs?: number;
  backups?: BackupMetadata[];
  backupsAskedAtMs?: number;
  problems?: DetectedProblem[];
  problemsAskedAtMs?: number;
  /** Backup for members that are new; forgotten when there are none. */
  freshBackup?: BackupAttempt;
  checkpoint?: Checkpoint;
  /** By the name of the pod. */
  reloads: Map<string, Reload>;
  tls?: Dated<TlsMaterial | undefined>;
  /** Passes in a row that found the shard waiting for the same. */
  waiting?: { text: string; passes: number };
  /** Calls that run now, one of each kind. */
  jobs: Map<Job, symbol>;
}

/** Whom a pass asks, whom it is about, and what is remembered of the ones before. */
export interface Pass {
  deps: Deps;
  shard: Shard;
  cache: ShardCache;
}

export const emptyCache = (): ShardCache => ({
  traces: new Map(),
  reloads: new Map(),
  jobs: new Map(),
});

export const isFresh = (atMs: number | undefined, lifeMs: number, nowMs: number): boolean =>
  atMs !== undefined && nowMs - atMs < lifeMs;
