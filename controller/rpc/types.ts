/** Answers of the runtime as decoded: names as in the proto text, absent means default. */
import type { Id, PoolerAddress, RoutingRole, RuleNumber, Timestamp } from '../topo/types.ts';
import type { DurabilityPolicyRecord, ShardKey } from '../topo/types.ts';

export interface ShardRule {
  rule_number?: RuleNumber;
  leader_id?: Id;
  cohort_members?: Id[];
  durability_policy?: DurabilityPolicyRecord;
  coordinator_id?: Id;
  creation_time?: Timestamp;
}
export interface RulePosition {
  decision?: ShardRule;
  proposal?: ShardRule;
}
interface ConsensusStatus {
  term_revocation?: {
    revoked_below_term?: string;
    accepted_coordinator_id?: Id;
    coordinator_initiated_at?: Timestamp;
    outgoing_rule?: RuleNumber;
  };
  current_position?: { position?: RulePosition; lsn?: string };
  replication_primary?: {
    position?: RulePosition;
    primary?: PoolerAddress;
    rewind_ready?: boolean;
  };
  id?: Id;
  recruit_blocked_until?: {
    position?: { decision?: RuleNumber; proposal?: RuleNumber };
    lsn?: string;
  };
}
interface AvailabilityStatus {
  leadership_status?: {
    leader_term?: string;
    signal?: 'LEADERSHIP_SIGNAL_ACTIVE' | 'LEADERSHIP_SIGNAL_REQUESTING_DEMOTION';
  };
  cohort_eligibility_status?: {
    signal?: 'COHORT_ELIGIBILITY_SIGNAL_ELIGIBLE' | 'COHORT_ELIGIBILITY_SIGNAL_INELIGIBLE';
  };
  suspected_divergence?: boolean;
}
interface StandbyReplicationStatus {
  last_replay_lsn?: string;
  last_receive_lsn?: string;
  is_wal_replay_paused?: boolean;
  wal_replay_pause_state?: string;
  lag?: Timestamp;
  last_xact_replay_timestamp?: string;
  primary_conn_info?: {
    host?: string;
    port?: number;
    user?: string;
    application_name?: string;
    raw?: string;
  };
  /** 'streaming', or absent. */
  wal_receiver_status?: string;
  last_msg_receive_time?: Timestamp;
  wal_receiver_status_interval?: Timestamp;
  wal_receiver_timeout?: Timestamp;
  last_receive_lsn_advance_time?: Timestamp;
}
interface PrimaryStatus {
  lsn?: string;
  ready?: boolean;
  connected_followers?: Id[];
  sync_replication_config?: {
    synchronous_commit?: string;
    synchronous_method?: string;
    num_sync?: number;
    standby_ids?: Id[];
    standby_application_names?: string[];
  };
  max_wal_senders?: number;
}
interface PoolerStatus {
  pooler_type?: 'PRIMARY' | 'REPLICA' | 'DRAINED';
  primary_status?: PrimaryStatus;
  replication_status?: StandbyReplicationStatus;
  /** Also true for the throw-away data of the first backup: never read it alone. */
  is_initialized?: boolean;
  has_data_directory?: boolean;
  postgres_running?: boolean;
  postgres_status?:
    | 'POSTGRES_STATUS_STARTING'
    | 'POSTGRES_STATUS_STANDBY'
    | 'POSTGRES_STATUS_PROMOTING'
    | 'POSTGRES_STATUS_PRIMARY';
  wal_position?: string;
  shard_id?: string;
  postgres_action?:
    | 'POSTGRES_ACTION_STARTING'
    | 'POSTGRES_ACTION_RESTORING_FROM_BACKUP'
    | 'POSTGRES_ACTION_CREATING_FIRST_BACKUP';
  postgres_action_duration?: Timestamp;
  postgres_ready?: boolean;
  failover_slots_ready?: number;
  failover_slots_total?: number;
}
export interface StatusResponse {
  status?: PoolerStatus;
  availability_status?: AvailabilityStatus;
  consensus_status?: ConsensusStatus;
}

export interface BackupMetadata {
  table_group?: string;
  shard?: string;
  status?: 'BACKUP_UNKNOWN' | 'BACKUP_INCOMPLETE' | 'BACKUP_COMPLETE';
  backup_id?: string;
  stop_lsn?: string;
  job_id?: string;
  backup_size_bytes?: string;
  type?: string;
  multipooler_id?: string;
  routing_role?: RoutingRole;
  start_timestamp?: Timestamp;
  stop_timestamp?: Timestamp;
  start_lsn?: string;
  pg_version?: string;
}

export interface ReloadConfigResponse {
  config_load_time?: Timestamp;
  mismatches?: { name?: string; error?: string; requires_restart?: boolean }[];
  needs_restart?: boolean;
}

export interface DetectedProblem {
  code?: string;
  check_name?: string;
  pooler_id?: Id;
  shard_key?: ShardKey;
  description?: string;
  priority?: number;
  scope?: string;
  detected_at?: Timestamp;
}
export interface ShardStatusResponse {
  problems?: DetectedProblem[];
  pooler_healths?: {
    pooler_id?: Id;
    stream_connected?: boolean;
    pooler_type?: string;
    last_seen?: Timestamp;
    postgres_ready?: boolean;
  }[];
}

export interface BuildInfo {
  revision?: string;
  modified?: boolean;
  commit_time?: Timestamp;
  go_version?: string;
  main_path?: string;
}

/** Why a pooler sent a snapshot of its health: the stream began, something changed, on request, time passed. */
export type SnapshotTrigger =
  | 'SNAPSHOT_TRIGGER_INITIAL'
  | 'SNAPSHOT_TRIGGER_BROADCAST'
  | 'SNAPSHOT_TRIGGER_POLL'
  | 'SNAPSHOT_TRIGGER_HEARTBEAT';
/** First message both ways: what is asked for, and what will be. Durations. */
interface HealthStreamStart {
  snapshot_interval?: Timestamp;
  staleness_timeout?: Timestamp;
}
export interface HealthSnapshot {
  status?: StatusResponse;
  /** The staleness in force. A duration. */
  timeout?: Timestamp;
  trigger?: SnapshotTrigger;
  /** By the pooler's own clock. */
  captured_at?: Timestamp;
}
export interface HealthStreamRequest {
  start?: HealthStreamStart;
  poll?: object;
}
export interface HealthStreamResponse {
  start?: HealthStreamStart;
  snapshot?: HealthSnapshot;
}
