/** Carries out an election: recruit, choose, promote, tell the others. */
import type { RpcClient } from '../grpc.ts';
import type { Log } from '../log.ts';
import { sleep } from '../role.ts';
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
  sameId,
  type ComponentId,
  type PoolerView,
  type Rule,
  type ShardView,
} from './model.ts';
import { electable, recruitable } from './quorum.ts';

const RECRUIT_DEADLINE_MS = 5000;
/** Once enough have promised, the others get this much longer, ms: the most advanced may be among them. */
const STRAGGLER_MS = 400;
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
  const suffices = (found: ComponentId[]): boolean => electable(rule.policy, rule.cohort, found);
  const recruits = await recruit(deps, asked as PoolerView[], revocation, view, suffices);
  const recruitedMs = deps.now() - started;
  const ids = recruits.map((r) => r.id);
  if (!suffices(ids)) {
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
  // The promotion's own write waits for a standby, so the others must follow before it is done. All of the
  // cohort, as in the runtime: one whose promise came late stopped receiving as well.
  const others = audience(view, leader.id).filter((p) =>
    rule.cohort.some((id) => sameId(id, p.id)),
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

/** Asks all at once; does not wait for the slow ones when the quick ones suffice. */
async function recruit(
  deps: CampaignDeps,
  asked: PoolerView[],
  revocation: { revoked_below_term: string },
  view: ShardView,
  suffices: (ids: ComponentId[]) => boolean,
): Promise<Recruit[]> {
  const recruits: Recruit[] = [];
  const enough = Promise.withResolvers<void>();
  const all = Promise.all(
    asked.map(async (pooler) => {
      const found = await recruitOne(deps, pooler, revocation).catch((error: unknown) => {
        deps.log.info('recruit refused', { pooler: pooler.id.name, error });
      });
      if (!found) return;
      recruits.push({
        ...found,
        resigning: findPooler(view, pooler.id)?.health?.resigning === true,
      });
      if (suffices(recruits.map((r) => r.id))) enough.resolve();
    }),
  );
  await Promise.race([all, enough.promise.then(() => sleep(STRAGGLER_MS))]);
  return [...recruits];
}

/** One pooler's promise; undefined if it promised something else. @throws ServiceError when it refuses */
async function recruitOne(
  deps: CampaignDeps,
  pooler: PoolerView,
  revocation: { revoked_below_term: string },
): Promise<Omit<Recruit, 'resigning'> | undefined> {
  const answer = await deps.consensus(pooler).call<{
    consensus_status?: ConsensusStatusMessage;
  }>('Recruit', { term_revocation: revocation }, RECRUIT_DEADLINE_MS);
  const status = answer.consensus_status ?? {};
  if (status.term_revocation?.revoked_below_term !== revocation.revoked_below_term)
    return undefined;
  if (status.term_revocation.accepted_coordinator_id?.name !== deps.me.name) return undefined;
  return {
    id: pooler.id,
    rule: toRuleNumber(status.current_position?.position?.decision?.rule_number),
    lsn: parseLsn(status.current_position?.lsn),
  };
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
