/**
 * The part of the Multigres runtime's wire contract that we read, write or call, in the proto language.
 * It is a string in a module, not a file beside it, so that a bundle carries it.
 *
 * One package for all: on the wire only field numbers and method paths count, and `load.ts` gives every
 * service its real path. Field numbers with gaps are real. What the runtime knows and this text does not
 * survives a rewrite of a record (see ../topo/wire.ts).
 */
export const MULTIGRES_PROTO = `
syntax = "proto3";
package multigres;

message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message Duration { int64 seconds = 1; int32 nanos = 2; }

// ---- identity: the triple under which a component registers and is named in a cohort ----
enum ComponentType { COMPONENT_UNKNOWN = 0; MULTIPOOLER = 1; MULTIGATEWAY = 2; MULTIORCH = 3; }
message ID { ComponentType component = 1; string cell = 2; string name = 3; }
message ShardKey { string database = 1; string table_group = 2; string shard = 3; }
message KeyRange { bytes start = 1; bytes end = 2; }
message PoolerAddress { ID id = 1; string host = 2; int32 postgres_port = 3; }

// ---- records in etcd: values are these messages in binary, no JSON ----
message Cell { string name = 1; repeated string server_addresses = 2; string root = 3; }

message Database {
  string name = 1;
  BackupLocation backup_location = 2;
  repeated string cells = 3;
  DurabilityPolicy bootstrap_durability_policy = 4;
}
message BackupLocation {
  oneof location { FilesystemBackup filesystem = 1; S3Backup s3 = 2; }
  bool require_initial_repo_encryption = 3;
  int64 authoritative_generation = 4;
}
message FilesystemBackup { string path = 1; }
message S3Backup { string bucket = 1; string region = 2; string endpoint = 3; string key_prefix = 4; bool use_env_credentials = 5; }

enum QuorumType { QUORUM_TYPE_UNKNOWN = 0; QUORUM_TYPE_AT_LEAST_N = 3; QUORUM_TYPE_MULTI_CELL_AT_LEAST_N = 4; }
message DurabilityPolicy { string policy_name = 1; int64 policy_version = 2; QuorumType quorum_type = 3; int32 required_count = 4; string description = 5; }

message ShardInitClaim { ID claimer_id = 1; repeated ID cohort_members = 2; }

enum PoolerType { UNKNOWN = 0; PRIMARY = 1; REPLICA = 2; DRAINED = 3; }
enum PoolerServingStatus { SERVING = 0; DISABLED = 1; DRAINING = 4; }
enum PoolerLifecycleStatus {
  LIFECYCLE_UNKNOWN = 0; LIFECYCLE_STARTING = 1; LIFECYCLE_ACTIVE = 2;
  LIFECYCLE_STOPPING = 3; LIFECYCLE_SHUTDOWN = 4; LIFECYCLE_QUARANTINED = 5;
}
enum RoutingRole { ROUTING_ROLE_UNKNOWN = 0; ROUTING_ROLE_PRIMARY = 1; ROUTING_ROLE_REPLICA = 2; }
message PoolerLifecycle { PoolerLifecycleStatus status = 1; string reason = 2; Timestamp updated = 3; }
message RoutingState { RoutingRole role = 1; RuleNumber rule = 2; }

message Multipooler {
  ID id = 1;
  ShardKey shard_key = 2;
  KeyRange key_range = 5;
  PoolerType type = 6;
  PoolerServingStatus serving_status = 7;
  string hostname = 8;
  map<string, int32> port_map = 9;
  string pooler_dir = 10;
  string pg_data_dir = 11;
  PoolerLifecycle lifecycle_status = 12;
  RoutingState routing_state = 13;
}
message Multigateway { ID id = 1; string hostname = 2; map<string, int32> port_map = 3; uint32 pid_prefix = 4; }
message Multiorch { ID id = 1; string hostname = 2; map<string, int32> port_map = 3; }

// ---- rules: who leads, who votes ----
/** Orders by term, then subterm; both 64-bit decimal strings, absent means 0. */
message RuleNumber { int64 coordinator_term = 1; int64 leader_subterm = 2; }
message ShardRule {
  RuleNumber rule_number = 1;
  ID leader_id = 2;
  repeated ID cohort_members = 3;
  DurabilityPolicy durability_policy = 4;
  ID coordinator_id = 5;
  Timestamp creation_time = 6;
}
message RulePosition { ShardRule decision = 1; ShardRule proposal = 2; }
message PoolerPosition { RulePosition position = 1; string lsn = 2; }
message RuleNumberPosition { RuleNumber decision = 1; RuleNumber proposal = 2; }
message LsnPosition { RuleNumberPosition position = 1; string lsn = 2; }
message ReplicationPrimary { RulePosition position = 1; PoolerAddress primary = 2; bool rewind_ready = 3; }
message TermRevocation { int64 revoked_below_term = 1; ID accepted_coordinator_id = 2; Timestamp coordinator_initiated_at = 3; RuleNumber outgoing_rule = 4; }
message ConsensusStatus {
  TermRevocation term_revocation = 1;
  PoolerPosition current_position = 2;
  ReplicationPrimary replication_primary = 3;
  ID id = 4;
  LsnPosition recruit_blocked_until = 5;
}
enum LeadershipSignal { LEADERSHIP_SIGNAL_UNKNOWN = 0; LEADERSHIP_SIGNAL_ACTIVE = 1; LEADERSHIP_SIGNAL_REQUESTING_DEMOTION = 2; }
enum CohortEligibilitySignal { COHORT_ELIGIBILITY_SIGNAL_UNKNOWN = 0; COHORT_ELIGIBILITY_SIGNAL_ELIGIBLE = 1; COHORT_ELIGIBILITY_SIGNAL_INELIGIBLE = 2; }
message LeadershipStatus { int64 leader_term = 1; LeadershipSignal signal = 2; }
message CohortEligibilityStatus { CohortEligibilitySignal signal = 1; }
message AvailabilityStatus { LeadershipStatus leadership_status = 1; CohortEligibilityStatus cohort_eligibility_status = 2; bool suspected_divergence = 3; }

// ---- what a pooler tells about its PostgreSQL and does on request ----
enum PostgresStatus { POSTGRES_STATUS_UNKNOWN = 0; POSTGRES_STATUS_STARTING = 1; POSTGRES_STATUS_STANDBY = 2; POSTGRES_STATUS_PROMOTING = 3; POSTGRES_STATUS_PRIMARY = 4; }
enum PostgresAction {
  POSTGRES_ACTION_UNSPECIFIED = 0; POSTGRES_ACTION_STARTING = 1;
  POSTGRES_ACTION_RESTORING_FROM_BACKUP = 2; POSTGRES_ACTION_CREATING_FIRST_BACKUP = 3;
}
enum SynchronousMethod { SYNCHRONOUS_METHOD_UNSPECIFIED = 0; SYNCHRONOUS_METHOD_FIRST = 1; SYNCHRONOUS_METHOD_ANY = 2; }
enum SynchronousCommitLevel {
  SYNCHRONOUS_COMMIT_OFF = 0; SYNCHRONOUS_COMMIT_LOCAL = 1; SYNCHRONOUS_COMMIT_REMOTE_WRITE = 2;
  SYNCHRONOUS_COMMIT_ON = 3; SYNCHRONOUS_COMMIT_REMOTE_APPLY = 4;
}
enum ReplicationPauseMode { REPLICATION_PAUSE_MODE_REPLAY_ONLY = 0; REPLICATION_PAUSE_MODE_RECEIVER_ONLY = 1; REPLICATION_PAUSE_MODE_REPLAY_AND_RECEIVER = 2; }
enum RuleOperation { RULE_OPERATION_UNSPECIFIED = 0; RULE_OPERATION_COHORT_ADD = 1; RULE_OPERATION_COHORT_REMOVE = 2; RULE_OPERATION_ADVANCE = 3; }

message PrimaryConnInfo { string host = 1; int32 port = 2; string user = 3; string application_name = 4; string raw = 5; string passfile = 6; string dbname = 7; }
message StandbyReplicationStatus {
  string last_replay_lsn = 1;
  string last_receive_lsn = 2;
  bool is_wal_replay_paused = 3;
  string wal_replay_pause_state = 4;
  Duration lag = 5;
  string last_xact_replay_timestamp = 6;
  PrimaryConnInfo primary_conn_info = 7;
  /** 'streaming', or absent. */
  string wal_receiver_status = 8;
  Timestamp last_msg_receive_time = 9;
  Duration wal_receiver_status_interval = 10;
  Duration wal_receiver_timeout = 11;
  Timestamp last_receive_lsn_advance_time = 12;
}
message SynchronousReplicationConfiguration {
  SynchronousCommitLevel synchronous_commit = 1;
  SynchronousMethod synchronous_method = 2;
  int32 num_sync = 3;
  repeated ID standby_ids = 4;
  repeated string standby_application_names = 5;
}
message PrimaryStatus {
  string lsn = 1;
  bool ready = 2;
  repeated ID connected_followers = 3;
  SynchronousReplicationConfiguration sync_replication_config = 4;
  int32 max_wal_senders = 5;
}
message Status {
  PoolerType pooler_type = 1;
  PrimaryStatus primary_status = 2;
  StandbyReplicationStatus replication_status = 3;
  /** Also true for the throw-away data of the first backup: never read it alone. */
  bool is_initialized = 4;
  bool has_data_directory = 5;
  bool postgres_running = 6;
  PostgresStatus postgres_status = 7;
  string wal_position = 8;
  string shard_id = 10;
  PostgresAction postgres_action = 11;
  Duration postgres_action_duration = 12;
  bool postgres_ready = 14;
  int32 failover_slots_ready = 15;
  int32 failover_slots_total = 16;
}
message Empty {}
message StatusResponse { Status status = 1; AvailabilityStatus availability_status = 3; ConsensusStatus consensus_status = 4; }
message ResignLeadershipResponse { string flush_lsn = 1; }
message StopReplicationRequest { ReplicationPauseMode mode = 1; bool wait = 2; }
message StopReplicationResponse { StandbyReplicationStatus status = 1; }
message SetPostgresRestartsEnabledRequest { bool enabled = 1; }
message ReloadConfigRequest { map<string, string> expected_settings = 1; }
message SettingMismatch { string name = 1; string error = 2; bool requires_restart = 3; }
message ReloadConfigResponse { Timestamp config_load_time = 1; repeated SettingMismatch mismatches = 2; bool needs_restart = 3; }
message BackupRequest { bool force_primary = 1; string type = 2; string job_id = 3; map<string, string> overrides = 10; }
message BackupResponse { string backup_id = 1; }
message GetBackupsRequest { uint32 limit = 1; }
message GetBackupsResponse { repeated BackupMetadata backups = 1; }
enum BackupStatus { BACKUP_UNKNOWN = 0; BACKUP_INCOMPLETE = 1; BACKUP_COMPLETE = 2; }
message BackupMetadata {
  string table_group = 1;
  string shard = 2;
  BackupStatus status = 3;
  string backup_id = 4;
  string stop_lsn = 5;
  string job_id = 6;
  uint64 backup_size_bytes = 7;
  string type = 8;
  string multipooler_id = 9;
  RoutingRole routing_role = 10;
  Timestamp start_timestamp = 11;
  Timestamp stop_timestamp = 12;
  string start_lsn = 13;
  string pg_version = 14;
}
message GetBackupByJobIdRequest { string job_id = 1; }
message GetBackupByJobIdResponse { BackupMetadata backup = 1; }
/** First message both ways: what is asked for, and what will be. */
message HealthStreamStart { Duration snapshot_interval = 1; Duration staleness_timeout = 2; }
message HealthStreamRequest { oneof message { HealthStreamStart start = 1; Empty poll = 2; } }
/** Why a pooler sent a snapshot of its health: the stream began, something changed, on request, time passed. */
enum SnapshotTrigger {
  SNAPSHOT_TRIGGER_UNSPECIFIED = 0; SNAPSHOT_TRIGGER_INITIAL = 1; SNAPSHOT_TRIGGER_BROADCAST = 2;
  SNAPSHOT_TRIGGER_POLL = 3; SNAPSHOT_TRIGGER_HEARTBEAT = 4;
}
message HealthSnapshot {
  StatusResponse status = 1;
  /** The staleness in force. */
  Duration timeout = 2;
  SnapshotTrigger trigger = 3;
  /** By the pooler's own clock. */
  Timestamp captured_at = 4;
}
message HealthStreamResponse { oneof message { HealthStreamStart start = 1; HealthSnapshot snapshot = 2; } }
service MultipoolerManager {
  rpc Status (Empty) returns (StatusResponse);
  rpc ReloadConfig (ReloadConfigRequest) returns (ReloadConfigResponse);
  rpc ResignLeadership (Empty) returns (ResignLeadershipResponse);
  rpc StopReplication (StopReplicationRequest) returns (StopReplicationResponse);
  rpc StartReplication (Empty) returns (Empty);
  rpc SetPostgresRestartsEnabled (SetPostgresRestartsEnabledRequest) returns (Empty);
  rpc Backup (BackupRequest) returns (BackupResponse);
  rpc GetBackups (GetBackupsRequest) returns (GetBackupsResponse);
  rpc GetBackupByJobId (GetBackupByJobIdRequest) returns (GetBackupByJobIdResponse);
  rpc ManagerHealthStream (stream HealthStreamRequest) returns (stream HealthStreamResponse);
}

// ---- queries; the gateways' door to a pooler, ours for one statement ----
message ExecuteQueryRequest { string query = 1; }
service MultipoolerService {
  rpc ExecuteQuery (ExecuteQueryRequest) returns (Empty);
}

// ---- the cohort, changed on its leader only; each change is a compare-and-set on the rule number ----
message UpdateConsensusRuleRequest { RuleOperation operation = 1; repeated ID standby_ids = 2; RuleNumber expected_outgoing_rule = 4; ID coordinator_id = 6; }
message UpdateConsensusRuleResponse { PoolerPosition current_position = 1; }
message RecruitRequest { TermRevocation term_revocation = 1; }
message ConsensusStatusResponse { ConsensusStatus consensus_status = 1; }
message CoordinatorProposal {
  TermRevocation term_revocation = 1;
  PoolerAddress proposal_leader = 2;
  RulePosition proposed_transition = 3;
  bool skip_outgoing_quorum = 4;
}
message PromoteRequest { CoordinatorProposal proposal = 1; string reason = 2; repeated ID accepted_node_ids = 3; }
message SetPrimaryRequest { ReplicationPrimary replication_primary = 3; }
service MultipoolerConsensus {
  rpc UpdateConsensusRule (UpdateConsensusRuleRequest) returns (UpdateConsensusRuleResponse);
  rpc Recruit (RecruitRequest) returns (ConsensusStatusResponse);
  rpc Promote (PromoteRequest) returns (ConsensusStatusResponse);
  rpc SetPrimary (SetPrimaryRequest) returns (ConsensusStatusResponse);
}

// ---- what a multiorch sees and whether it acts ----
message ShardStatusRequest { ShardKey shard_key = 1; }
message DetectedProblem {
  string code = 1;
  string check_name = 2;
  ID pooler_id = 3;
  ShardKey shard_key = 4;
  string description = 5;
  int32 priority = 6;
  string scope = 7;
  Timestamp detected_at = 8;
}
message PoolerHealth { ID pooler_id = 1; bool stream_connected = 2; bool postgres_running = 3; string pooler_type = 4; Timestamp last_seen = 5; bool postgres_ready = 6; }
message ShardStatusResponse { repeated DetectedProblem problems = 1; repeated PoolerHealth pooler_healths = 2; }
message RecoverySwitchResponse { bool success = 1; string message = 2; }
message GetRecoveryStatusResponse { bool enabled = 1; }
message TriggerRecoveryNowRequest { uint32 max_cycles = 1; }
message TriggerRecoveryNowResponse { repeated string remaining_problem_codes = 4; }
service MultiorchService {
  rpc GetShardStatus (ShardStatusRequest) returns (ShardStatusResponse);
  rpc DisableRecovery (Empty) returns (RecoverySwitchResponse);
  rpc EnableRecovery (Empty) returns (RecoverySwitchResponse);
  rpc GetRecoveryStatus (Empty) returns (GetRecoveryStatusResponse);
  rpc TriggerRecoveryNow (TriggerRecoveryNowRequest) returns (TriggerRecoveryNowResponse);
}

// ---- on every component's gRPC port ----
message BuildInfo { string revision = 1; bool modified = 2; Timestamp commit_time = 3; string go_version = 4; string main_path = 5; }
message GetBuildInfoResponse { BuildInfo build_info = 1; }
service ServiceInfo {
  rpc GetBuildInfo (Empty) returns (GetBuildInfoResponse);
}
`;
