/** One record per pass: all that is known of a shard. gather/ makes it; everything else only reads it. */
import type { Policy } from '../../../schemas/durability.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import type { Shard } from '../../../schemas/types.ts';
import type { BackupMetadata, DetectedProblem } from '../../rpc/types.ts';
import type { PoolerEntry } from '../../topo/records.ts';
import type { ShardChildren } from '../desired/index.ts';
import type { Member } from './member.ts';

/** What the informers' caches hold of a shard. */
export interface ShardObjects {
  /** Pool pods by name, those that terminate too. */
  pods: ReadonlyMap<string, Pod>;
  /** Data claims and the backup claim by name. */
  claims: ReadonlyMap<string, KubeObject>;
  orchDeployments: readonly KubeObject[];
  orchPods: readonly Pod[];
  /** ConfigMaps, Secrets, Services, Deployments and budgets that the Shard owns. */
  owned: readonly KubeObject[];
  nodes: ReadonlyMap<string, KubeObject>;
  storageClasses: readonly KubeObject[];
}

interface DataPlane {
  /** Why the topology could not be read, if so. */
  error?: string;
  /** Cells of the shard that have no record yet. */
  unregisteredCells: readonly string[];
  /** Pooler id -> its record with the revision it was read at. */
  entries: ReadonlyMap<string, PoolerEntry>;
  /** When all of it was read anew for this pass, ms since the epoch; undefined: it is what was heard last. */
  readAtMs?: number;
}

/** A pod as it was last seen. A hint: without it a proof is missing, never made up. */
export interface PodTrace {
  node?: string;
  /** All its containers had ended: nothing of it can run any more. */
  terminated: boolean;
}

/** The backup that was asked for last, for the members that are new now. */
export interface BackupAttempt {
  /** Pooler that makes it. */
  id: string;
  count: number;
  running: boolean;
  endedMs: number;
  error?: string;
}

/** The reload that was last asked of a pod. Times are ms since the epoch. */
export interface Reload {
  uid?: string;
  /** Of the settings that were asked for. */
  hash: string;
  firstMs: number;
  lastMs: number;
  /** Settings that Postgres takes only with a restart. */
  restart?: string;
  /** Settings that are not as they should be, with the runtime's own words. */
  mismatch?: string;
}

/** A call to the runtime that this process has started and not finished. */
export type Job = 'checkpoint' | 'switch-primary' | 'trigger-recovery' | 'leave-cohort' | 'backup';

/** The last checkpoint that was asked for, whatever became of it. */
export interface Checkpoint {
  /** Pooler whose Postgres wrote it. */
  id: string;
  endedMs: number;
}

export interface ShardState {
  shard: Shard;
  nowMs: number;
  objects: ShardObjects;
  /** What should exist. Undefined: nothing more (it is being removed), or it cannot be said. */
  desired?: ShardChildren;
  /** Why it cannot be said what should exist. */
  problem?: string;
  members: readonly Member[];
  dataPlane: DataPlane;
  /** The durability policy in force. */
  policy: Policy;
  /** Hosts that hold the volumes of pods that find no node, by the claim; of volumes that are tied to hosts. */
  hosts: ReadonlyMap<string, readonly string[]>;
  /** It has had a primary: there is data, a cohort and a quorum to protect. */
  started: boolean;
  /** Its parent wants it drained, or it is being deleted. */
  removal?: 'requested' | 'deleting';
  /** A user wants no writes of the operator but statuses. */
  paused: boolean;
  /** Problems of the Secrets that the user provides. */
  secrets: readonly string[];
  /** The operator's own certificates are missing or due. */
  certificatesDue: boolean;
  backups?: readonly BackupMetadata[];
  freshBackup?: BackupAttempt;
  checkpoint?: Checkpoint;
  /** What an orchestrator lists, asked while nobody leads. */
  problems: readonly DetectedProblem[];
  traces: ReadonlyMap<string, PodTrace>;
  /** By the name of the pod. */
  reloads: ReadonlyMap<string, Reload>;
  jobs: ReadonlySet<Job>;
  /** Other clusters in which pods are being replaced now, and how many may be at once (0: any number). */
  fleet: { rolling: readonly string[]; limit: number };
  /** Since when a serving shard is not complete, ms since the epoch; absent while it is. */
  incompleteSinceMs?: number;
}
