import type { POLICIES } from '../../../schemas/durability.ts';
import type { ShardStatus } from '../../../schemas/types.ts';
import { type PhaseRecord } from '../../../controller/shard/state/phase.ts';
import type { Job, PodTrace } from '../../../controller/shard/state/state.ts';
import type { BackupMetadata } from '../../../controller/rpc/types.ts';

export const NOW = Date.parse('2026-01-02T03:04:05Z');

export interface LeavingNote {
  phase?: PhaseRecord['phase'];
  purpose?: PhaseRecord['purpose'];
  /** Seconds since it was asked to leave. */
  since?: number;
  request?: string;
  /** Leadership was asked to leave under this rule, so often, so many seconds ago. */
  switched?: { rule: string; attempts?: number; since?: number };
}
export interface PodNote {
  ready?: boolean;
  phase?: string;
  /** Reason for which its container waits. */
  waiting?: string;
  /** All its containers have ended. */
  ended?: boolean;
  unschedulable?: string;
  /** On no node, since so many seconds. */
  unplaced?: number;
  /** Seconds since the end of its grace period; negative while it runs. */
  terminating?: number;
  oldSpec?: boolean;
  wrongLabel?: boolean;
  /** Value of its role label; by default what its pooler is. */
  role?: string;
  leaving?: LeavingNote;
}
export interface PoolerNote {
  role?: 'PRIMARY' | 'REPLICA';
  /** `term.subterm` in its record. */
  rule?: string;
  lifecycle?: string;
  serving?: 'SERVING' | 'DRAINING' | 'DISABLED';
  /** What it answers: nothing, as leader, as streaming standby, or something in between. */
  answers?: 'primary' | 'standby' | 'detached' | 'diverged' | 'first-backup' | 'restoring';
  /** As primary: others can be rewound from it. */
  rewindReady?: boolean;
  /** Its postgres_action. */
  busy?: 'CREATING_FIRST_BACKUP' | 'RESTORING_FROM_BACKUP' | 'STARTING';
}
export interface NodeNote {
  outOfService?: boolean;
  cordoned?: boolean;
  /** Seconds since it reported last. */
  silent?: number;
}

/** Members are called by a letter: pod `a`, cell `zone-a`, node `node-a`; `a2` is a second one in zone-a. */
export interface World {
  /** All is well, and the first leads; everything else is what differs from that. */
  healthy?: string[];
  members?: string[];
  /** Pods that exist; a name alone is a ready one. Of a healthy shard, false takes one away. */
  pods?: Record<string, PodNote | null | false>;
  poolers?: Record<string, PoolerNote | null>;
  /** Decided rule that every answering pooler knows; `since` seconds ago. */
  rule?: { leader: string; number: string; cohort: string[]; policy?: string; since?: number };
  /** The status written before. */
  before?: Partial<ShardStatus>;
  /** Seconds since nobody takes writes, as the condition says. */
  leaderless?: number;
  nodes?: Record<string, NodeNote | null>;
  traces?: Record<string, Partial<PodTrace>>;
  topologyError?: string;
  unregisteredCells?: string[];
  /** Nothing was heard of the data plane yet. */
  unread?: boolean;
  /** What is known was heard, not read in this pass. */
  heard?: boolean;
  secrets?: string[];
  orchReady?: boolean;
  /** Its parent wants it drained. */
  pending?: boolean;
  paused?: boolean;
  policy?: keyof typeof POLICIES;
  /** Id of the switchover that a user asks for. */
  switchover?: string;
  rolling?: string[];
  jobs?: Job[];
  /** A checkpoint of this member's Postgres ended so many seconds ago. */
  checkpoint?: { of: string; since: number };
  whenScaled?: 'Retain' | 'Delete';
  /** Hosts that hold the volume of a member. */
  hosts?: Record<string, string[]>;
  /** Pods beyond the members whose claims exist. */
  claims?: string[];
  /** Members without a claim: new, or their volume was lost. */
  noClaims?: string[];
  backups?: BackupMetadata[];
}

export const HEALTHY_CONDITIONS = [
  {
    type: 'Available',
    status: 'True',
    reason: 'AllPodsReady',
    message: '',
    lastTransitionTime: '',
  },
] as const;

/** What `healthy` stands for, with the differences put in. */
export const whole = (note: World): World & { members: string[] } => {
  const { healthy } = note;
  if (!healthy) return { ...note, members: note.members ?? [] };
  const [leader = ''] = healthy;
  const poolers = healthy.map((name): [string, PoolerNote] => [
    name,
    name === leader ? { role: 'PRIMARY', rule: '1.1', answers: 'primary' } : { answers: 'standby' },
  ]);
  return {
    rule: { leader, number: '1.1', cohort: healthy },
    ...note,
    members: note.members ?? healthy,
    pods: { ...Object.fromEntries(healthy.map((name) => [name, null])), ...note.pods },
    poolers: { ...Object.fromEntries(poolers), ...note.poolers },
    before: {
      phase: 'Healthy',
      podRoles: Object.fromEntries(
        healthy.map((name) => [name, name === leader ? 'PRIMARY' : 'REPLICA']),
      ),
      conditions: [...HEALTHY_CONDITIONS],
      ...note.before,
    },
  };
};
