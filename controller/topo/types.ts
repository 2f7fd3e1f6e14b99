/** Messages of the topology as decoded: names as in the proto text, absent means default. */
import type { TimeMessage as Timestamp } from '../proto/time.ts';

export type { Timestamp };

export interface Id {
  component?: 'MULTIPOOLER' | 'MULTIGATEWAY' | 'MULTIORCH' | 'COMPONENT_UNKNOWN';
  cell?: string;
  name?: string;
}
export interface ShardKey {
  database?: string;
  table_group?: string;
  shard?: string;
}
export interface PoolerAddress {
  id?: Id;
  host?: string;
  postgres_port?: number;
}

export interface CellRecord {
  name?: string;
  server_addresses?: string[];
  root?: string;
}
export interface BackupLocation {
  filesystem?: { path?: string };
  s3?: {
    bucket?: string;
    region?: string;
    endpoint?: string;
    key_prefix?: string;
    use_env_credentials?: boolean;
  };
  require_initial_repo_encryption?: boolean;
  authoritative_generation?: string;
}
export type QuorumType =
  'QUORUM_TYPE_UNKNOWN' | 'QUORUM_TYPE_AT_LEAST_N' | 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N';
export interface DurabilityPolicyRecord {
  policy_name?: string;
  policy_version?: string;
  quorum_type?: QuorumType;
  required_count?: number;
  description?: string;
}
export interface DatabaseRecord {
  name?: string;
  backup_location?: BackupLocation;
  cells?: string[];
  bootstrap_durability_policy?: DurabilityPolicyRecord;
}
export interface ShardInitClaim {
  claimer_id?: Id;
  cohort_members?: Id[];
}

export type PoolerServingStatus = 'SERVING' | 'DISABLED' | 'DRAINING';
export type LifecycleStatus =
  | 'LIFECYCLE_UNKNOWN'
  | 'LIFECYCLE_STARTING'
  | 'LIFECYCLE_ACTIVE'
  | 'LIFECYCLE_STOPPING'
  | 'LIFECYCLE_SHUTDOWN'
  | 'LIFECYCLE_QUARANTINED';
export type RoutingRole = 'ROUTING_ROLE_UNKNOWN' | 'ROUTING_ROLE_PRIMARY' | 'ROUTING_ROLE_REPLICA';
/** Orders by term, then subterm; both 64-bit decimal strings, absent means 0. */
export interface RuleNumber {
  coordinator_term?: string;
  leader_subterm?: string;
}
export interface PoolerLifecycle {
  status?: LifecycleStatus;
  reason?: string;
  updated?: Timestamp;
}
export interface Multipooler {
  id?: Id;
  shard_key?: ShardKey;
  key_range?: { start?: Uint8Array; end?: Uint8Array };
  type?: 'UNKNOWN' | 'PRIMARY' | 'REPLICA' | 'DRAINED';
  serving_status?: PoolerServingStatus;
  hostname?: string;
  port_map?: Record<string, number>;
  pooler_dir?: string;
  pg_data_dir?: string;
  lifecycle_status?: PoolerLifecycle;
  routing_state?: { role?: RoutingRole; rule?: RuleNumber };
}
export interface Multigateway {
  id?: Id;
  hostname?: string;
  port_map?: Record<string, number>;
  pid_prefix?: number;
}
export interface Multiorch {
  id?: Id;
  hostname?: string;
  port_map?: Record<string, number>;
}
