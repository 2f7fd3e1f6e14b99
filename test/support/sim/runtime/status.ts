/** A pooler's answer to Status, field by field as the real runtime fills them. */
import type { StatusResponse } from '../../../../controller/rpc/types.ts';
import type { ShardRule } from '../../../../controller/rpc/types.ts';
import type { Id } from '../../../../controller/topo/types.ts';
import { fromMs, poolerIdMessage, ruleNumberMessage } from '../../../../emulator/orch/messages.ts';
import type { ComponentId, Rule } from '../../../../emulator/orch/model.ts';
import { POLICIES } from '../../../../schemas/durability.ts';
import { PORTS } from '../../../../schemas/ports.ts';
import type { ShardContext } from './context.ts';
import { findLive } from './context.ts';
import type { Pooler } from './pooler.ts';
import { standbysOf } from './replication.ts';
import { POSTGRES } from './sight.ts';
import { lsnText } from './volume.ts';

const idMessage = (id: ComponentId): Id => poolerIdMessage(id) as Id;

const QUORUM_TYPES = {
  3: 'QUORUM_TYPE_AT_LEAST_N',
  4: 'QUORUM_TYPE_MULTI_CELL_AT_LEAST_N',
} as const;

export function ruleMessage(rule: Rule): ShardRule {
  const policy = Object.values(POLICIES).find(({ name }) => name === rule.policy);
  return {
    rule_number: ruleNumberMessage(rule),
    ...(rule.leader ? { leader_id: idMessage(rule.leader) } : {}),
    cohort_members: rule.cohort.map(idMessage),
    ...(policy
      ? {
          durability_policy: {
            policy_name: policy.name,
            quorum_type: QUORUM_TYPES[policy.quorumType],
            required_count: policy.count,
          },
        }
      : {}),
    creation_time: fromMs(rule.createdMs),
  };
}

function serverPart(ctx: ShardContext, pooler: Pooler): StatusResponse['status'] {
  const { volume, upstream } = pooler;
  const { state, heardMs } = pooler.postgres;
  const lsn = lsnText(volume.wal?.lsn ?? 0);
  if (state === 'PRIMARY' || state === 'PROMOTING') {
    return {
      wal_position: lsn,
      primary_status: {
        lsn,
        ready: true,
        connected_followers: standbysOf(ctx, pooler).map(({ id }) => idMessage(id)),
      },
    };
  }
  if (state !== 'STANDBY') return {};
  const leader = findLive(ctx, volume.target?.leader);
  return {
    wal_position: lsn,
    replication_status: {
      last_replay_lsn: lsn,
      last_receive_lsn: lsn,
      wal_receiver_status: upstream ? 'streaming' : '',
      ...(leader
        ? { primary_conn_info: { host: leader.hostname, port: PORTS.multipooler.postgres } }
        : {}),
      ...(heardMs > 0 || upstream
        ? { last_msg_receive_time: fromMs(upstream ? ctx.clock.now() : heardMs) }
        : {}),
    },
  };
}

function consensusPart(pooler: Pooler): StatusResponse['consensus_status'] {
  const { wal, revokedBelow, revokedBy, revokedAtMs } = pooler.volume;
  if (!wal) return undefined;
  const { term } = wal.rule;
  return {
    id: idMessage(pooler.id),
    current_position: { position: { decision: ruleMessage(wal.rule) }, lsn: lsnText(wal.lsn) },
    ...(revokedBelow > 0
      ? {
          term_revocation: {
            revoked_below_term: String(revokedBelow),
            accepted_coordinator_id: { component: 'MULTIORCH', name: revokedBy },
            coordinator_initiated_at: fromMs(revokedAtMs),
            outgoing_rule: { coordinator_term: String(term) },
          },
        }
      : {}),
  };
}

export function statusOf(ctx: ShardContext, pooler: Pooler): StatusResponse {
  const { volume, action, resigning } = pooler;
  const { state, ready, diverged } = pooler.postgres;
  const hasData = volume.wal !== undefined || state === 'INITIAL';
  const named = POSTGRES[state];
  const consensus_status = consensusPart(pooler);
  return {
    status: {
      pooler_type: state === 'PRIMARY' ? 'PRIMARY' : 'REPLICA',
      is_initialized: hasData,
      has_data_directory: hasData,
      postgres_running: ready || state === 'INITIAL',
      postgres_ready: ready,
      ...(named === 'UNKNOWN' ? {} : { postgres_status: `POSTGRES_STATUS_${named}` }),
      ...(action
        ? {
            postgres_action: `POSTGRES_ACTION_${action}`,
            postgres_action_duration: fromMs(ctx.clock.now() - pooler.actionMs),
          }
        : {}),
      ...serverPart(ctx, pooler),
    },
    availability_status: {
      ...(resigning
        ? {
            leadership_status: {
              leader_term: String(volume.wal?.rule.term ?? 0),
              signal: 'LEADERSHIP_SIGNAL_REQUESTING_DEMOTION',
            },
          }
        : {}),
      cohort_eligibility_status: {
        signal: `COHORT_ELIGIBILITY_SIGNAL_${pooler.eligible ? 'ELIGIBLE' : 'INELIGIBLE'}`,
      },
      suspected_divergence: diverged && state === 'STANDBY',
    },
    ...(consensus_status ? { consensus_status } : {}),
  };
}
