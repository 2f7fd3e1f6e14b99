/** What the emulator serves beyond the contract of the controller: the administration API, also served as REST. */
import { addContract } from '../controller/proto/load.ts';

addContract(`
syntax = "proto3";
package multigres;

message SwitchPrimaryRequest { ShardKey shard_key = 1; string reason = 2; }
message SwitchPrimaryResponse { ID old_leader_id = 1; }
message NamesResponse { repeated string names = 1; }
message NameRequest { string name = 1; }
message GetCellResponse { Cell cell = 1; }
message GetDatabaseResponse { Database database = 1; }
message CellsRequest { repeated string cells = 1; }
message GetGatewaysResponse { repeated Multigateway gateways = 1; }
message GetOrchsResponse { repeated Multiorch orchs = 1; }
message GetPoolersRequest { repeated string cells = 1; string database = 2; string shard = 3; }
message GetPoolersResponse { repeated Multipooler poolers = 1; }
message GetPoolerStatusRequest { ID pooler_id = 1; }
message GetPoolerStatusResponse { Status status = 1; ConsensusStatus consensus_status = 2; }
message AdminBackupRequest { string database = 1; string table_group = 2; string shard = 3; string type = 4; bool force_primary = 5; }
message AdminBackupResponse { string job_id = 1; }
message GetBackupJobStatusRequest { string job_id = 1; string database = 2; string table_group = 3; string shard = 4; }
enum JobType { JOB_TYPE_UNKNOWN = 0; JOB_TYPE_BACKUP = 1; JOB_TYPE_RESTORE = 2; }
enum JobStatus { JOB_STATUS_UNKNOWN = 0; JOB_STATUS_PENDING = 1; JOB_STATUS_RUNNING = 2; JOB_STATUS_COMPLETED = 3; JOB_STATUS_FAILED = 4; }
message GetBackupJobStatusResponse {
  string job_id = 1;
  JobType job_type = 2;
  JobStatus status = 3;
  string error_message = 4;
  string database = 5;
  string table_group = 6;
  string shard = 7;
  string backup_type = 8;
  string requested_backup_id = 10;
  string backup_id = 11;
}
message AdminGetBackupsRequest { string database = 1; string table_group = 2; string shard = 3; uint32 limit = 4; }
enum BackupInfoStatus { BACKUP_STATUS_UNKNOWN = 0; BACKUP_STATUS_INCOMPLETE = 1; BACKUP_STATUS_COMPLETE = 2; BACKUP_STATUS_FAILED = 3; }
message BackupInfo {
  string backup_id = 1;
  string database = 2;
  string table_group = 3;
  string shard = 4;
  string type = 5;
  BackupInfoStatus status = 6;
  uint64 backup_size_bytes = 7;
  string multipooler_service_id = 8;
  RoutingRole routing_role = 9;
  string start_lsn = 10;
  string stop_lsn = 11;
  string pg_version = 12;
  Timestamp start_timestamp = 13;
  Timestamp stop_timestamp = 14;
  string job_id = 15;
}
message AdminGetBackupsResponse { repeated BackupInfo backups = 1; }
service MultiadminService {
  rpc GetCellNames (Empty) returns (NamesResponse);
  rpc GetCell (NameRequest) returns (GetCellResponse);
  rpc GetDatabaseNames (Empty) returns (NamesResponse);
  rpc GetDatabase (NameRequest) returns (GetDatabaseResponse);
  rpc GetGateways (CellsRequest) returns (GetGatewaysResponse);
  rpc GetPoolers (GetPoolersRequest) returns (GetPoolersResponse);
  rpc GetOrchs (CellsRequest) returns (GetOrchsResponse);
  rpc GetPoolerStatus (GetPoolerStatusRequest) returns (GetPoolerStatusResponse);
  rpc Backup (AdminBackupRequest) returns (AdminBackupResponse);
  rpc GetBackupJobStatus (GetBackupJobStatusRequest) returns (GetBackupJobStatusResponse);
  rpc GetBackups (AdminGetBackupsRequest) returns (AdminGetBackupsResponse);
  rpc SwitchPrimary (SwitchPrimaryRequest) returns (SwitchPrimaryResponse);
}
`);
