/**
 * Who leads a shard, who is its cohort and which standby is of use: pure functions of pooler records and
 * Status replies. Records say who claims what and outlive their process; replies say what is true now but
 * may be missing. Where both speak, the higher rule wins.
 */
import { parsePolicy } from '../../../schemas/durability.ts';
import type { ShardRule, StatusResponse } from '../../rpc/types.ts';
import type { Id, Multipooler, RuleNumber, Timestamp } from '../../topo/types.ts';
import { isQuarantined, isShutdown } from './lifecycle.ts';

export interface PoolerView {
  /** Name in the topology, as `p-1a2b3c4d`. */
  id: string;
  cell: string;
  /** Name of the pod that this pooler belongs to. */
  pod: string;
  record?: Multipooler;
  status?: StatusResponse;
}

type Role = 'PRIMARY' | 'REPLICA' | 'QUARANTINED';

/** Negative, zero or positive as `a` is lower than, equal to or higher than `b`. Absent is 0.0. */
export const compareRules = (a: RuleNumber | undefined, b: RuleNumber | undefined): number => {
  for (const key of ['coordinator_term', 'leader_subterm'] as const) {
    const left = BigInt(a?.[key] ?? '0');
    const right = BigInt(b?.[key] ?? '0');
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
};

const decisionOf = (status: StatusResponse | undefined): ShardRule | undefined =>
  status?.consensus_status?.current_position?.position?.decision;

/**
 * The decision with the highest rule that any pooler reports. One without cohort is the throw-away rule of
 * a bootstrapping pooler and does not count.
 */
export const shardRule = (views: readonly PoolerView[]): ShardRule | undefined =>
  views
    .flatMap(({ status }) => decisionOf(status) ?? [])
    .filter(({ leader_id, cohort_members }) => leader_id && cohort_members?.length)
    .toSorted((a, b) => compareRules(b.rule_number, a.rule_number))[0];

/** Somebody led it once, by what its poolers and their records say; its status may have been lost. */
export const hasLed = (views: readonly PoolerView[]): boolean =>
  shardRule(views) !== undefined ||
  views.some(({ record }) => record?.routing_state?.role === 'ROUTING_ROLE_PRIMARY');

/** The policy that the shard's rule carries; undefined before the first election, or if nobody knows it. */
export const rulePolicy = (views: readonly PoolerView[]): string | undefined =>
  parsePolicy(shardRule(views)?.durability_policy?.policy_name ?? '')?.name;

interface Leader {
  view: PoolerView;
  rule: RuleNumber;
}

interface Claim extends Leader {
  /** From a reply: it is true now. */
  live: boolean;
}

const claimsOf = (view: PoolerView): Claim[] => {
  const claims: Claim[] = [];
  const { record, status } = view;
  const listed = !isShutdown(record) && !isQuarantined(record);
  if (listed && record?.routing_state?.role === 'ROUTING_ROLE_PRIMARY') {
    claims.push({ view, rule: record.routing_state.rule ?? {}, live: false });
  }
  const decision = decisionOf(status);
  const leads =
    status?.status?.postgres_status === 'POSTGRES_STATUS_PRIMARY' &&
    decision?.leader_id?.name === view.id &&
    decision.leader_id.cell === view.cell;
  if (leads && !isShutdown(record)) {
    claims.push({ view, rule: decision.rule_number ?? {}, live: true });
  }
  return claims;
};

/**
 * The pooler with the highest claim to be PRIMARY. A claim below the highest rule that the shard decided
 * for another leader is a dead one's and does not count. Nobody while an election is under way.
 */
export const leaderOf = (views: readonly PoolerView[]): Leader | undefined => {
  const [highest] = views
    .flatMap(claimsOf)
    .toSorted((a, b) => compareRules(b.rule, a.rule) || Number(b.live) - Number(a.live));
  if (!highest) return undefined;
  const decided = shardRule(views);
  const outranked =
    decided !== undefined &&
    decided.leader_id?.name !== highest.view.id &&
    compareRules(decided.rule_number, highest.rule) > 0;
  return outranked ? undefined : { view: highest.view, rule: highest.rule };
};

/** Role per pod. Poolers that shut down or never registered are left out. */
export const rolesOf = (views: readonly PoolerView[]): Record<string, Role> => {
  const leader = leaderOf(views);
  const roles: Record<string, Role> = {};
  for (const view of views) {
    if (isShutdown(view.record)) continue;
    if (!view.record && !view.status) continue;
    if (isQuarantined(view.record)) roles[view.pod] = 'QUARANTINED';
    else roles[view.pod] = view.pod === leader?.view.pod ? 'PRIMARY' : 'REPLICA';
  }
  return roles;
};

/** Names of the cohort's members, sorted; empty before the first election. */
export const cohortOf = (views: readonly PoolerView[]): string[] =>
  (shardRule(views)?.cohort_members ?? []).map((id) => id.name ?? '').toSorted();

const hasId = (ids: readonly Id[] | undefined, view: PoolerView): boolean =>
  (ids ?? []).some((id) => id.name === view.id && id.cell === view.cell);

/** Milliseconds since the epoch. */
export const timeOf = (at: Timestamp | undefined): number =>
  Number(at?.seconds ?? '0') * 1000 + Math.floor((at?.nanos ?? 0) / 1_000_000);

/** A standby that heard nothing from its leader for so long is not following it. */
const SILENCE_MS = 30_000;

type StandbyTest = { useful: true } | { useful: false; reason: string };

const replicationOf = ({ status }: PoolerView) => status?.status?.replication_status;

interface Pair {
  standby: PoolerView;
  leader: PoolerView;
  nowMs: number;
  /** Of the standby, as its WAL receiver has it, and what it says of itself. */
  replication: ReturnType<typeof replicationOf>;
  said: Partial<StatusResponse>;
}

/** Each test and what is said when it fails, in the order in which they mean something. */
const STANDBY_TESTS: [(pair: Pair) => boolean, string][] = [
  [({ said }) => said.status !== undefined, 'it does not answer'],
  [({ said }) => said.status?.postgres_ready === true, 'its PostgreSQL is not ready'],
  [({ said }) => said.status?.postgres_status === 'POSTGRES_STATUS_STANDBY', 'it is not a standby'],
  [({ replication }) => replication?.wal_receiver_status === 'streaming', 'it does not stream'],
  [
    ({ replication, leader: { record } }) =>
      record?.hostname === undefined || replication?.primary_conn_info?.host === record.hostname,
    'it follows another pooler than the leader',
  ],
  [
    ({ replication, nowMs }) => nowMs - timeOf(replication?.last_msg_receive_time) <= SILENCE_MS,
    'it heard nothing from the leader for 30 s',
  ],
  [
    ({ said }) => said.availability_status?.suspected_divergence !== true,
    'its data may have diverged',
  ],
  [
    ({ said }) =>
      said.availability_status?.cohort_eligibility_status?.signal !==
      'COHORT_ELIGIBILITY_SIGNAL_INELIGIBLE',
    'it is not eligible',
  ],
  [
    ({ said }) => said.consensus_status?.recruit_blocked_until === undefined,
    'it may not be recruited yet',
  ],
  [
    ({ standby, leader }) => hasId(decisionOf(leader.status)?.cohort_members, standby),
    'it is not in the cohort',
  ],
  [
    ({ standby, leader }) =>
      hasId(leader.status?.status?.primary_status?.connected_followers, standby),
    'the leader does not see it',
  ],
];

/** Does any standby say that it streams from this pooler now? Then it lives, even if it is slow to answer. */
export const isFollowed = (
  leader: PoolerView,
  views: readonly PoolerView[],
  nowMs: number,
): boolean =>
  views.some((view) => {
    const replication = replicationOf(view);
    return (
      view !== leader &&
      replication?.wal_receiver_status === 'streaming' &&
      replication.primary_conn_info?.host === leader.record?.hostname &&
      nowMs - timeOf(replication.last_msg_receive_time) <= SILENCE_MS
    );
  });

/** Would this standby take over, and does it hold writes? The reason is in words for a condition. */
export const usefulStandby = (
  standby: PoolerView,
  leader: PoolerView,
  nowMs: number,
): StandbyTest => {
  const said = standby.status ?? {};
  const pair = { standby, leader, nowMs, said, replication: replicationOf(standby) };
  const failed = STANDBY_TESTS.find(([passes]) => !passes(pair));
  return failed ? { useful: false, reason: failed[1] } : { useful: true };
};
