/** Changes of the cohort on its leader: UpdateConsensusRule. */
import { timeMessage } from '../../controller/proto/time.ts';
import { RpcError, status } from '../grpc.ts';
import type { Context } from './context.ts';
import {
  compareRuleNumbers,
  ruleParts,
  sameId,
  type ShardRule,
  type UpdateRuleRequest,
} from './messages.ts';
import { requireRole } from './require-role.ts';
import { readRule, writeRule } from './rules.ts';
import { applySync } from './server-control.ts';
import { consensusStatus } from './status.ts';
import { cohortProblem, syncSettings } from './sync.ts';

/** A rule that no standby acknowledges within this time is given up by its writer (it stays in doubt). */
export const RULE_WRITE_MS = 60_000;
const QUERY_MS = 5000;
const refused = (message: string): RpcError => new RpcError(status.FAILED_PRECONDITION, message);

const HISTORY = 'failed to record replication config history';
const CONFLICT = (): RpcError =>
  new RpcError(
    status.UNKNOWN,
    `${HISTORY}: rule conflict: current rule version changed since last read`,
  );

/** The cohort after the operation; undefined when it changes nothing. */
function nextCohort(rule: ShardRule, request: UpdateRuleRequest): ShardRule['cohort_members'] {
  const cohort = rule.cohort_members ?? [];
  const named = request.standby_ids ?? [];
  const isNamed = (id: (typeof cohort)[number]): boolean =>
    named.some((other) => sameId(other, id));
  if (request.operation === 'RULE_OPERATION_COHORT_ADD') {
    const added = named.filter((id) => !cohort.some((other) => sameId(other, id)));
    return added.length > 0 ? [...cohort, ...added] : undefined;
  }
  if (request.operation === 'RULE_OPERATION_COHORT_REMOVE') {
    return cohort.some(isNamed) ? cohort.filter((id) => !isNamed(id)) : undefined;
  }
  if (request.operation === 'RULE_OPERATION_ADVANCE') return cohort;
  throw new RpcError(status.INVALID_ARGUMENT, 'operation is required');
}

/** Changes the cohort by compare-and-set on the rule's number. */
export function updateRule(ctx: Context, request: UpdateRuleRequest): Promise<object> {
  const { state } = ctx;
  return ctx.lock.run(async () => {
    await requireRole(ctx, 'primary');
    const rule = (await readRule(ctx.act, QUERY_MS))?.decision;
    if (!rule?.leader_id) throw refused('there is no rule with a leader yet');
    const [term] = ruleParts(rule.rule_number);
    if (term < state.revokedBelow) throw refused(`term ${term} is revoked`);
    if (!request.expected_outgoing_rule) {
      throw new RpcError(status.INVALID_ARGUMENT, 'expected_outgoing_rule is required');
    }
    if (compareRuleNumbers(request.expected_outgoing_rule, rule.rule_number) !== 0)
      throw CONFLICT();
    const cohort = nextCohort(rule, request);
    if (cohort) await change(ctx, rule, cohort);
    await ctx.observe();
    return { current_position: consensusStatus(ctx).current_position };
  });
}

async function change(
  ctx: Context,
  rule: ShardRule,
  cohort: NonNullable<ShardRule['cohort_members']>,
): Promise<void> {
  const policy = rule.durability_policy ?? {};
  const problem = cohortProblem(policy, cohort);
  if (problem) {
    throw new RpcError(
      status.INVALID_ARGUMENT,
      `${HISTORY}: cohort cannot achieve durability policy: ${problem}`,
    );
  }
  const [term, subterm] = ruleParts(rule.rule_number);
  const { id } = ctx.state;
  const next: ShardRule = {
    ...rule,
    rule_number: { coordinator_term: String(term), leader_subterm: String(subterm + 1) },
    cohort_members: cohort,
    // The runtime names the leader itself here, as if it were a coordinator.
    coordinator_id: { component: 'MULTIORCH', cell: id.cell ?? '', name: id.name ?? '' },
    creation_time: timeMessage(Date.now()),
  };
  const grows = cohort.length > (rule.cohort_members?.length ?? 0);
  const sync = syncSettings(policy, cohort, id);
  if (!grows) await applySync(ctx, sync);
  if (!(await writeRule(ctx.act, rule.rule_number, next, 'cohort change', RULE_WRITE_MS)))
    throw CONFLICT();
  if (grows) await applySync(ctx, sync);
}
