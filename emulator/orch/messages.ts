// Shapes of the decoded wire messages that multiorch and multigateway read (proto
// field names, 64-bit numbers as text, defaults absent), and their turning into model.ts.
import type { ComponentId, Health, PoolerView, PostgresState, Rule, RuleNumber } from './model.ts';

export interface IdMessage {
  component?: string;
  cell?: string;
  name?: string;
}
export interface TimeMessage {
  seconds?: string;
  nanos?: number;
}
export interface RuleNumberMessage {
  coordinator_term?: string;
  leader_subterm?: string;
}
export interface ShardRuleMessage {
  rule_number?: RuleNumberMessage;
  leader_id?: IdMessage;
  cohort_members?: IdMessage[];
  durability_policy?: { policy_name?: string; quorum_type?: string; required_count?: number };
  coordinator_id?: IdMessage;
  creation_time?: TimeMessage;
}
export interface RulePositionMessage {
  decision?: ShardRuleMessage;
  proposal?: ShardRuleMessage;
}
export interface TermRevocationMessage {
  revoked_below_term?: string;
  accepted_coordinator_id?: IdMessage;
  coordinator_initiated_at?: TimeMessage;
  outgoing_rule?: RuleNumberMessage;
}
export interface ConsensusStatusMessage {
  term_revocation?: TermRevocationMessage;
  current_position?: { position?: RulePositionMessage; lsn?: string };
  replication_primary?: {
    position?: RulePositionMessage;
    primary?: { id?: IdMessage; host?: string; postgres_port?: number };
    rewind_ready?: boolean;
  };
  id?: IdMessage;
}
export interface StatusMessage {
  status?: {
    pooler_type?: string;
    is_initialized?: boolean;
    postgres_running?: boolean;
    postgres_ready?: boolean;
    postgres_status?: string;
    wal_position?: string;
    shard_id?: string;
    primary_status?: { lsn?: string; ready?: boolean; connected_followers?: IdMessage[] };
    replication_status?: {
      wal_receiver_status?: string;
      last_replay_lsn?: string;
      last_receive_lsn?: string;
      lag?: TimeMessage;
      primary_conn_info?: { host?: string; port?: number };
    };
  };
  availability_status?: {
    leadership_status?: { signal?: string };
    cohort_eligibility_status?: { signal?: string };
    suspected_divergence?: boolean;
  };
  consensus_status?: ConsensusStatusMessage;
}
export interface PoolerRecord {
  id?: IdMessage;
  shard_key?: { database?: string; table_group?: string; shard?: string };
  hostname?: string;
  port_map?: Record<string, number>;
  type?: string;
  serving_status?: string;
  lifecycle_status?: { status?: string; reason?: string; updated?: TimeMessage };
  routing_state?: { role?: string; rule?: RuleNumberMessage };
}

export const toId = (id: IdMessage | undefined): ComponentId => ({
  cell: id?.cell ?? '',
  name: id?.name ?? '',
});

export const poolerIdMessage = (id: ComponentId): IdMessage => ({
  component: 'MULTIPOOLER',
  cell: id.cell,
  name: id.name,
});

export const toMs = (time: TimeMessage | undefined): number =>
  Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6);

export const fromMs = (ms: number): TimeMessage => ({
  seconds: String(Math.floor(ms / 1000)),
  nanos: Math.floor((ms % 1000) * 1e6),
});

export const toRuleNumber = (rule: RuleNumberMessage | undefined): RuleNumber => ({
  term: Number(rule?.coordinator_term ?? 0),
  subterm: Number(rule?.leader_subterm ?? 0),
});

export const ruleNumberMessage = (rule: RuleNumber): RuleNumberMessage => ({
  coordinator_term: String(rule.term),
  leader_subterm: String(rule.subterm),
});

/** A position such as `0/503C3B8` in bytes; 0 for anything else. */
export function parseLsn(text: string | undefined): bigint {
  const parts = /^([0-9A-Fa-f]+)\/([0-9A-Fa-f]+)$/.exec(text ?? '');
  return parts === null ? 0n : (BigInt(`0x${parts[1]}`) << 32n) + BigInt(`0x${parts[2]}`);
}

export function toRule(rule: ShardRuleMessage | undefined): Rule | undefined {
  if (rule === undefined) return undefined;
  const out: Rule = {
    ...toRuleNumber(rule.rule_number),
    cohort: (rule.cohort_members ?? []).map(toId),
    raw: rule,
    policy: rule.durability_policy?.policy_name ?? '',
    createdMs: toMs(rule.creation_time),
  };
  if (rule.leader_id?.name !== undefined) out.leader = toId(rule.leader_id);
  return out;
}

const suffix = (text: string | undefined, prefix: string): string =>
  (text ?? '').replace(prefix, '');

const isIneligible = (m: StatusMessage): boolean =>
  m.availability_status?.cohort_eligibility_status?.signal ===
  'COHORT_ELIGIBILITY_SIGNAL_INELIGIBLE';

const isResigning = (m: StatusMessage): boolean =>
  m.availability_status?.leadership_status?.signal === 'LEADERSHIP_SIGNAL_REQUESTING_DEMOTION';

type Promised = Pick<Health, 'revokedBelow' | 'revokedBy' | 'revokedAtMs'>;

const toPromise = (revocation: TermRevocationMessage | undefined): Promised => ({
  revokedBelow: Number(revocation?.revoked_below_term ?? 0),
  revokedBy: revocation?.accepted_coordinator_id?.name ?? '',
  revokedAtMs: toMs(revocation?.coordinator_initiated_at),
});

function toTarget(target: ConsensusStatusMessage['replication_primary']): Health['target'] {
  if (target?.position?.decision === undefined) return undefined;
  const rule = toRuleNumber(target.position.decision.rule_number);
  return target.primary?.id?.name === undefined
    ? { rule }
    : { rule, leader: toId(target.primary.id) };
}

/** What a pooler's Status answer says, in the terms of model.ts. */
export function toHealth(message: StatusMessage): Health {
  const status = message.status ?? {};
  const consensus = message.consensus_status ?? {};
  const position = consensus.current_position;
  const health: Health = {
    initialized: status.is_initialized === true,
    running: status.postgres_running === true,
    ready: status.postgres_ready === true,
    postgres: (suffix(status.postgres_status, 'POSTGRES_STATUS_') || 'UNKNOWN') as PostgresState,
    poolerType: status.pooler_type ?? 'UNKNOWN',
    eligible: !isIneligible(message),
    resigning: isResigning(message),
    diverged: message.availability_status?.suspected_divergence === true,
    streaming: status.replication_status?.wal_receiver_status === 'streaming',
    upstream: status.replication_status?.primary_conn_info?.host ?? '',
    lsn: parseLsn(status.wal_position ?? position?.lsn),
    ...toPromise(consensus.term_revocation),
  };
  const rule = toRule(position?.position?.decision);
  const target = toTarget(consensus.replication_primary);
  if (rule !== undefined) health.rule = rule;
  if (target !== undefined) health.target = target;
  return health;
}

/** The part of a pooler's view that its etcd record gives. */
export function recordPart(
  record: PoolerRecord,
): Pick<PoolerView, 'id' | 'hostname' | 'grpcPort' | 'postgresPort' | 'lifecycle'> {
  return {
    id: toId(record.id),
    hostname: record.hostname ?? '',
    grpcPort: record.port_map?.['grpc'] ?? 0,
    postgresPort: record.port_map?.['postgres'] ?? 0,
    lifecycle: (suffix(record.lifecycle_status?.status, 'LIFECYCLE_') ||
      'UNKNOWN') as PoolerView['lifecycle'],
  };
}
