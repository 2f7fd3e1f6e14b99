/**
 * Messages of the wire contract as decoded: names as in the proto text, absent means default.
 * Made by hack/generate.ts from controller/proto/multigres.proto.ts. Do not edit.
 */
export interface Cell {
  name?: string;
  server_addresses?: string[];
  root?: string;
}
export interface FilesystemBackup {
  path?: string;
}
export interface S3Backup {
  bucket?: string;
  region?: string;
  endpoint?: string;
  key_prefix?: string;
  use_env_credentials?: boolean;
}
export interface BackupLocation {
  filesystem?: FilesystemBackup;
  s3?: S3Backup;
  require_initial_repo_encryption?: boolean;
  authoritative_generation?: string;
}
export type QuorumType =
  'QUORUM_TYPE_UNKNOWN' | 'QUORUM_TYPE_AT_LEAST_N' | 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N';
export interface DurabilityPolicy {
  policy_name?: string;
  policy_version?: string;
  quorum_type?: QuorumType;
  required_count?: number;
  description?: string;
}
export interface Database {
  name?: string;
  backup_location?: BackupLocation;
  cells?: string[];
  bootstrap_durability_policy?: DurabilityPolicy;
}
export type ComponentType = 'COMPONENT_UNKNOWN' | 'MULTIPOOLER' | 'MULTIGATEWAY' | 'MULTIORCH';
export interface ID {
  component?: ComponentType;
  cell?: string;
  name?: string;
}
export interface ShardKey {
  database?: string;
  table_group?: string;
  shard?: string;
}
export interface KeyRange {
  start?: Uint8Array;
  end?: Uint8Array;
}
export type PoolerType = 'UNKNOWN' | 'PRIMARY' | 'REPLICA' | 'DRAINED';
export type PoolerServingStatus = 'SERVING' | 'DISABLED' | 'DRAINING';
export type PoolerLifecycleStatus =
  | 'LIFECYCLE_UNKNOWN'
  | 'LIFECYCLE_STARTING'
  | 'LIFECYCLE_ACTIVE'
  | 'LIFECYCLE_STOPPING'
  | 'LIFECYCLE_SHUTDOWN'
  | 'LIFECYCLE_QUARANTINED';
export interface Timestamp {
  seconds?: string;
  nanos?: number;
}
export interface PoolerLifecycle {
  status?: PoolerLifecycleStatus;
  reason?: string;
  updated?: Timestamp;
}
export type RoutingRole = 'ROUTING_ROLE_UNKNOWN' | 'ROUTING_ROLE_PRIMARY' | 'ROUTING_ROLE_REPLICA';
/** Orders by term, then subterm; both 64-bit decimal strings, absent means 0. */
export interface RuleNumber {
  coordinator_term?: string;
  leader_subterm?: string;
}
export interface RoutingState {
  role?: RoutingRole;
  rule?: RuleNumber;
}
export interface Multipooler {
  id?: ID;
  shard_key?: ShardKey;
  key_range?: KeyRange;
  type?: PoolerType;
  serving_status?: PoolerServingStatus;
  hostname?: string;
  port_map?: Record<string, number>;
  pooler_dir?: string;
  pg_data_dir?: string;
  lifecycle_status?: PoolerLifecycle;
  routing_state?: RoutingState;
}
export interface Multigateway {
  id?: ID;
  hostname?: string;
  port_map?: Record<string, number>;
  pid_prefix?: number;
}
export interface Multiorch {
  id?: ID;
  hostname?: string;
  port_map?: Record<string, number>;
}
export interface ShardInitClaim {
  claimer_id?: ID;
  cohort_members?: ID[];
}
export type SynchronousCommitLevel =
  | 'SYNCHRONOUS_COMMIT_OFF'
  | 'SYNCHRONOUS_COMMIT_LOCAL'
  | 'SYNCHRONOUS_COMMIT_REMOTE_WRITE'
  | 'SYNCHRONOUS_COMMIT_ON'
  | 'SYNCHRONOUS_COMMIT_REMOTE_APPLY';
export type SynchronousMethod =
  'SYNCHRONOUS_METHOD_UNSPECIFIED' | 'SYNCHRONOUS_METHOD_FIRST' | 'SYNCHRONOUS_METHOD_ANY';
export interface SynchronousReplicationConfiguration {
  synchronous_commit?: SynchronousCommitLevel;
  synchronous_method?: SynchronousMethod;
  num_sync?: number;
  standby_ids?: ID[];
  standby_application_names?: string[];
}
export interface PrimaryStatus {
  lsn?: string;
  ready?: boolean;
  connected_followers?: ID[];
  sync_replication_config?: SynchronousReplicationConfiguration;
  max_wal_senders?: number;
}
export interface Duration {
  seconds?: string;
  nanos?: number;
}
export interface PrimaryConnInfo {
  host?: string;
  port?: number;
  user?: string;
  application_name?: string;
  raw?: string;
  passfile?: string;
  dbname?: string;
}
export interface StandbyReplicationStatus {
  last_replay_lsn?: string;
  last_receive_lsn?: string;
  is_wal_replay_paused?: boolean;
  wal_replay_pause_state?: string;
  lag?: Duration;
  last_xact_replay_timestamp?: string;
  primary_conn_info?: PrimaryConnInfo;
  /** 'streaming', or absent. */
  wal_receiver_status?: string;
  last_msg_receive_time?: Timestamp;
  wal_receiver_status_interval?: Duration;
  wal_receiver_timeout?: Duration;
  last_receive_lsn_advance_time?: Timestamp;
}
export type PostgresStatus =
  | 'POSTGRES_STATUS_UNKNOWN'
  | 'POSTGRES_STATUS_STARTING'
  | 'POSTGRES_STATUS_STANDBY'
  | 'POSTGRES_STATUS_PROMOTING'
  | 'POSTGRES_STATUS_PRIMARY';
export type PostgresAction =
  | 'POSTGRES_ACTION_UNSPECIFIED'
  | 'POSTGRES_ACTION_STARTING'
  | 'POSTGRES_ACTION_RESTORING_FROM_BACKUP'
  | 'POSTGRES_ACTION_CREATING_FIRST_BACKUP';
export interface Status {
  pooler_type?: PoolerType;
  primary_status?: PrimaryStatus;
  replication_status?: StandbyReplicationStatus;
  /** Also true for the throw-away data of the first backup: never read it alone. */
  is_initialized?: boolean;
  has_data_directory?: boolean;
  postgres_running?: boolean;
  postgres_status?: PostgresStatus;
  wal_position?: string;
  shard_id?: string;
  postgres_action?: PostgresAction;
  postgres_action_duration?: Duration;
  postgres_ready?: boolean;
  failover_slots_ready?: number;
  failover_slots_total?: number;
}
export type LeadershipSignal =
  | 'LEADERSHIP_SIGNAL_UNKNOWN'
  | 'LEADERSHIP_SIGNAL_ACTIVE'
  | 'LEADERSHIP_SIGNAL_REQUESTING_DEMOTION';
export interface LeadershipStatus {
  leader_term?: string;
  signal?: LeadershipSignal;
}
export type CohortEligibilitySignal =
  | 'COHORT_ELIGIBILITY_SIGNAL_UNKNOWN'
  | 'COHORT_ELIGIBILITY_SIGNAL_ELIGIBLE'
  | 'COHORT_ELIGIBILITY_SIGNAL_INELIGIBLE';
export interface CohortEligibilityStatus {
  signal?: CohortEligibilitySignal;
}
export interface AvailabilityStatus {
  leadership_status?: LeadershipStatus;
  cohort_eligibility_status?: CohortEligibilityStatus;
  suspected_divergence?: boolean;
}
export interface TermRevocation {
  revoked_below_term?: string;
  accepted_coordinator_id?: ID;
  coordinator_initiated_at?: Timestamp;
  outgoing_rule?: RuleNumber;
}
export interface ShardRule {
  rule_number?: RuleNumber;
  leader_id?: ID;
  cohort_members?: ID[];
  durability_policy?: DurabilityPolicy;
  coordinator_id?: ID;
  creation_time?: Timestamp;
}
export interface RulePosition {
  decision?: ShardRule;
  proposal?: ShardRule;
}
export interface PoolerPosition {
  position?: RulePosition;
  lsn?: string;
}
export interface PoolerAddress {
  id?: ID;
  host?: string;
  postgres_port?: number;
}
export interface ReplicationPrimary {
  position?: RulePosition;
  primary?: PoolerAddress;
  rewind_ready?: boolean;
}
export interface RuleNumberPosition {
  decision?: RuleNumber;
  proposal?: RuleNumber;
}
export interface LsnPosition {
  position?: RuleNumberPosition;
  lsn?: string;
}
export interface ConsensusStatus {
  term_revocation?: TermRevocation;
  current_position?: PoolerPosition;
  replication_primary?: ReplicationPrimary;
  id?: ID;
  recruit_blocked_until?: LsnPosition;
}
export interface StatusResponse {
  status?: Status;
  availability_status?: AvailabilityStatus;
  consensus_status?: ConsensusStatus;
}
export type BackupStatus = 'BACKUP_UNKNOWN' | 'BACKUP_INCOMPLETE' | 'BACKUP_COMPLETE';
export interface BackupMetadata {
  table_group?: string;
  shard?: string;
  status?: BackupStatus;
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
export interface SettingMismatch {
  name?: string;
  error?: string;
  requires_restart?: boolean;
}
export interface ReloadConfigResponse {
  config_load_time?: Timestamp;
  mismatches?: SettingMismatch[];
  needs_restart?: boolean;
}
export interface DetectedProblem {
  code?: string;
  check_name?: string;
  pooler_id?: ID;
  shard_key?: ShardKey;
  description?: string;
  priority?: number;
  scope?: string;
  detected_at?: Timestamp;
}
export interface PoolerHealth {
  pooler_id?: ID;
  stream_connected?: boolean;
  postgres_running?: boolean;
  pooler_type?: string;
  last_seen?: Timestamp;
  postgres_ready?: boolean;
}
export interface ShardStatusResponse {
  problems?: DetectedProblem[];
  pooler_healths?: PoolerHealth[];
}
export interface BuildInfo {
  revision?: string;
  modified?: boolean;
  commit_time?: Timestamp;
  go_version?: string;
  main_path?: string;
}
/** First message both ways: what is asked for, and what will be. */
export interface HealthStreamStart {
  snapshot_interval?: Duration;
  staleness_timeout?: Duration;
}
export interface Empty {}
export interface HealthStreamRequest {
  start?: HealthStreamStart;
  poll?: Empty;
}
/** Why a pooler sent a snapshot of its health: the stream began, something changed, on request, time passed. */
export type SnapshotTrigger =
  | 'SNAPSHOT_TRIGGER_UNSPECIFIED'
  | 'SNAPSHOT_TRIGGER_INITIAL'
  | 'SNAPSHOT_TRIGGER_BROADCAST'
  | 'SNAPSHOT_TRIGGER_POLL'
  | 'SNAPSHOT_TRIGGER_HEARTBEAT';
export interface HealthSnapshot {
  status?: StatusResponse;
  /** The staleness in force. */
  timeout?: Duration;
  trigger?: SnapshotTrigger;
  /** By the pooler's own clock. */
  captured_at?: Timestamp;
}
export interface HealthStreamResponse {
  start?: HealthStreamStart;
  snapshot?: HealthSnapshot;
}
