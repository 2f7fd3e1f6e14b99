/** Shapes of the consensus messages a pooler reads and writes, as decoded: 64-bit numbers are text, absent means default. */
import type { Id, PoolerAddress, RuleNumber, Timestamp } from '../../controller/topo/types.ts';
import type { RulePosition, ShardRule } from '../../controller/rpc/types.ts';

export type { RulePosition, ShardRule };

export interface TermRevocation {
  revoked_below_term?: string;
  accepted_coordinator_id?: Id;
  coordinator_initiated_at?: Timestamp;
  outgoing_rule?: RuleNumber;
}
export interface ReplicationPrimary {
  position?: RulePosition;
  primary?: PoolerAddress;
  rewind_ready?: boolean;
}
export interface ConsensusStatus {
  term_revocation?: TermRevocation;
  current_position?: { position?: RulePosition; lsn?: string };
  replication_primary?: ReplicationPrimary;
  id?: Id;
}
export interface RecruitRequest {
  term_revocation?: TermRevocation;
}
export interface PromoteRequest {
  proposal?: {
    term_revocation?: TermRevocation;
    proposal_leader?: PoolerAddress;
    proposed_transition?: RulePosition;
    skip_outgoing_quorum?: boolean;
  };
  reason?: string;
  accepted_node_ids?: Id[];
}
export interface SetPrimaryRequest {
  replication_primary?: ReplicationPrimary;
}
export interface UpdateRuleRequest {
  operation?: string;
  standby_ids?: Id[];
  expected_outgoing_rule?: RuleNumber;
  coordinator_id?: Id;
}

/** Both numbers of a rule, as plain numbers. */
export function ruleParts(rule: RuleNumber | undefined): [term: number, subterm: number] {
  return [Number(rule?.coordinator_term ?? 0), Number(rule?.leader_subterm ?? 0)];
}

/** Negative when a is older than b. */
export function compareRuleNumbers(a: RuleNumber | undefined, b: RuleNumber | undefined): number {
  const [x, y] = [ruleParts(a), ruleParts(b)];
  return x[0] - y[0] || x[1] - y[1];
}

export const sameId = (a: Id | undefined, b: Id | undefined): boolean =>
  a !== undefined && b !== undefined && a.cell === b.cell && a.name === b.name;
