/** Carries out an election: recruit, choose, promote, tell the others. */
import type { RpcClient } from '../grpc.ts';
import type { Log } from '../log.ts';
import { audience, chooseLeader, nextTerm, proposedRule, type Recruit } from './elect.ts';
import {
  fromMs,
  parseLsn,
  poolerIdMessage,
  ruleNumberMessage,
  toRuleNumber,
  type ConsensusStatusMessage,
  type IdMessage,
  type RulePositionMessage,
  type ShardRuleMessage,
} from './messages.ts';
import {
  findPooler,
  idKey,
  type ComponentId,
  type PoolerView,
  type Rule,
  type ShardView,
} from './model.ts';
import { electable, recruitable } from './quorum.ts';

const RECRUIT_DEADLINE_MS = 5000;
const PROMOTE_DEADLINE_MS = 30_000;
const SET_PRIMARY_DEADLINE_MS = 30_000;

export interface CampaignDeps {
  me: IdMessage;
  log: Log;
  now: () => number;
  /** A client of the pooler's consensus service. */
  consensus(pooler: PoolerView): RpcClient;
}

/** The rule to be replaced; at the first election an empty one of term 0 with the claimed cohort. */
export interface Outgoing {
  rule: Rule;
  policy: ShardRuleMessage['durability_policy'];
  reason: string;
}

/** @returns the new leader. @throws Error when too few poolers promised or the chosen one failed. */
export async function campaign(
  deps: CampaignDeps,
  view: ShardView,
  outgoing: Outgoing,
): Promise<ComponentId> {
  const { rule } = outgoing;
  const started = deps.now();
  const term = nextTerm(view);
  const revocation = {
    revoked_below_term: String(term),
    accepted_coordinator_id: deps.me,
    coordinator_initiated_at: fromMs(started),
    outgoing_rule: ruleNumberMessage(rule),
  };
  const asked = rule.cohort
    .map((id) => findPooler(view, id))
    .filter((p) => p !== undefined && recruitable(p));
  const recruits = await recruit(deps, asked as PoolerView[], revocation, view);
  const recruitedMs = deps.now() - started;
  const ids = recruits.map((r) => r.id);
  if (!electable(rule.policy, rule.cohort, ids)) {
    throw new Error(
      `only ${ids.length} of ${rule.cohort.length} cohort members promised term ${term}`,
    );
  }
  const leader = chooseLeader(recruits);
  const pooler = leader && findPooler(view, leader.id);
  if (leader === undefined || pooler === undefined) throw new Error('nobody to elect');
  const proposal: ShardRuleMessage = {
    rule_number: ruleNumberMessage(proposedRule(rule, term, leader.id)),
    leader_id: poolerIdMessage(leader.id),
    cohort_members: rule.cohort.map(poolerIdMessage),
    ...(outgoing.policy === undefined ? {} : { durability_policy: outgoing.policy }),
    coordinator_id: deps.me,
    creation_time: fromMs(deps.now()),
  };
  const decision = (rule.raw ?? {}) as ShardRuleMessage;
  const transition: RulePositionMessage = { decision, proposal };
  const promoted = deps.consensus(pooler).call<{ consensus_status?: ConsensusStatusMessage }>(
    'Promote',
    {
      proposal: {
        term_revocation: revocation,
        proposal_leader: addressOf(pooler),
        proposed_transition: transition,
      },
      reason: outgoing.reason,
      accepted_node_ids: ids.map(poolerIdMessage),
    },
    PROMOTE_DEADLINE_MS,
  );
  // The promotion's own write waits for a standby, so the others must follow before it is done.
  const others = audience(view, leader.id).filter((p) =>
    ids.some((id) => idKey(id) === idKey(p.id)),
  );
  const following = Promise.allSettled(
    others.map((p) => setPrimary(deps, p, pooler, transition, false)),
  );
  await promoted;
  deps.log.info('primary.promotion', {
    outcome: 'success',
    new_primary: leader.id.name,
    term,
    recruit_ms: recruitedMs,
    promote_ms: deps.now() - started - recruitedMs,
    reason: outgoing.reason,
  });
  await following;
  await Promise.allSettled(
    audience(view, leader.id).map((p) => setPrimary(deps, p, pooler, { decision: proposal }, true)),
  );
  return leader.id;
}

async function recruit(
  deps: CampaignDeps,
  asked: PoolerView[],
  revocation: { revoked_below_term: string },
  view: ShardView,
): Promise<Recruit[]> {
  const answers = await Promise.allSettled(
    asked.map((pooler) =>
      deps
        .consensus(pooler)
        .call<{ consensus_status?: ConsensusStatusMessage }>(
          'Recruit',
          { term_revocation: revocation },
          RECRUIT_DEADLINE_MS,
        ),
    ),
  );
  return answers.flatMap((answer, i): Recruit[] => {
    const pooler = asked[i];
    if (pooler === undefined) return [];
    if (answer.status === 'rejected') {
      deps.log.info('recruit refused', { pooler: pooler.id.name, error: answer.reason as unknown });
      return [];
    }
    const status = answer.value.consensus_status ?? {};
    if (status.term_revocation?.revoked_below_term !== revocation.revoked_below_term) return [];
    if (status.term_revocation.accepted_coordinator_id?.name !== deps.me.name) return [];
    return [
      {
        id: pooler.id,
        rule: toRuleNumber(status.current_position?.position?.decision?.rule_number),
        lsn: parseLsn(status.current_position?.lsn),
        resigning: findPooler(view, pooler.id)?.health?.resigning === true,
      },
    ];
  });
}

const addressOf = (pooler: PoolerView): object => ({
  id: poolerIdMessage(pooler.id),
  host: pooler.hostname,
  postgres_port: pooler.postgresPort,
});

/** Tells one pooler whom to follow. */
export async function setPrimary(
  deps: CampaignDeps,
  pooler: PoolerView,
  leader: PoolerView,
  position: RulePositionMessage,
  rewindReady: boolean,
): Promise<void> {
  const request = {
    replication_primary: { position, primary: addressOf(leader), rewind_ready: rewindReady },
  };
  await deps.consensus(pooler).call('SetPrimary', request, SET_PRIMARY_DEADLINE_MS);
}
