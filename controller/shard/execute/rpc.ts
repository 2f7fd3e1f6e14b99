/** Calls to the runtime that change something. */
import { KINDS } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { textOf } from '../../apply/children.ts';
import type { Target } from '../../rpc/client.ts';
import { BACKUPS_LISTED } from '../gather/backups.ts';
import { orchestratorTargets } from '../gather/orchestrator.ts';
import { targetOf } from '../gather/target.ts';
import type { ActionOf } from '../state/action.ts';
import { cellsLosingTheirOrchestrator, leaderMember } from '../state/health.ts';
import { shardKeyOf } from '../state/identity.ts';
import { recordPatch } from '../state/phase.ts';
import { shardRule } from '../state/roles.ts';
import type { Execution } from './context.ts';
import { logFields, memberOf, Refusal, startJob, tell } from './context.ts';
import { electorOf } from './elector.ts';
import { checkPermit } from './pods.ts';

/** The runtime waits for the writes that run, stops Postgres and starts it as a standby. */
const RESIGN_MS = 60_000;
/** An election that is hurried takes two to four seconds. */
const TRIGGER_MS = 15_000;
const RELOAD_MS = 5_000;
/** The runtime's own limit for a backup. */
const BACKUP_MS = 1_800_000;
const STOP_REPLICATION_MS = 15_000;
const RULE_MS = 30_000;

/** All orchestrators only where none stays. */
const electors = ({ deps, state, material }: Execution): Target[] => {
  const without = cellsLosingTheirOrchestrator(state);
  const staying = orchestratorTargets(deps, state.shard, material.tls, without);
  return staying.length > 0 ? staying : orchestratorTargets(deps, state.shard, material.tls);
};

/** One orchestrator only: two that start at once hold each other up for four seconds. */
const hurryElection = async (execution: Execution): Promise<void> => {
  const { deps, state } = execution;
  const elector = await electorOf(deps, shardKeyOf(state.shard), () => electors(execution));
  if (!elector) return;
  const left = await deps.rpc.triggerRecoveryNow(elector, TRIGGER_MS);
  deps.log.info({ ...logFields(execution), left }, 'election was hurried');
};

export const triggerRecovery = (execution: Execution): void =>
  startJob(execution, 'trigger-recovery', () => hurryElection(execution));

/** The record first: a new leader of the operator must know that leadership was asked to leave. */
export const switchPrimary = async (
  execution: Execution,
  action: ActionOf<'switch-primary'>,
): Promise<void> => {
  checkPermit(execution, action);
  const { deps, state, material } = execution;
  const target = targetOf(memberOf(execution, action.id), material.tls);
  const namespace = state.shard.metadata.namespace ?? '';
  const ref = { kind: KINDS.Pod, namespace, name: action.pod };
  await deps.kube.mergePatch(ref, recordPatch(action.record));
  // Listed before the old primary has ended its own part: the election need not wait for that.
  startJob(execution, 'switch-primary', async () => {
    await Promise.all([deps.rpc.resignLeadership(target, RESIGN_MS), hurryElection(execution)]);
  });
};

/** Replication is stopped first: a member that still streams is taken back within a second. */
export const leaveCohort = (execution: Execution, action: ActionOf<'leave-cohort'>): void => {
  checkPermit(execution, action);
  const { deps, state, material } = execution;
  const member = memberOf(execution, action.id);
  const leader = leaderMember(state);
  const rule = shardRule(state.members);
  if (!leader || !rule?.rule_number) throw new Refusal('nobody leads');
  const id = { component: 'MULTIPOOLER', cell: member.cell, name: member.id } as const;
  const change = {
    operation: 'RULE_OPERATION_COHORT_REMOVE',
    standby_ids: [id],
    expected_outgoing_rule: rule.rule_number,
  } as const;
  startJob(execution, 'leave-cohort', async () => {
    await deps.rpc.stopReplication(targetOf(member, material.tls), STOP_REPLICATION_MS);
    await deps.rpc.updateRule(targetOf(leader, material.tls), change, RULE_MS);
  });
};

/** Orchestrators take it back into the cohort once it streams again. */
export const rejoinCohort = async (
  execution: Execution,
  { id }: ActionOf<'rejoin-cohort'>,
): Promise<void> => {
  const { deps, material } = execution;
  await deps.rpc.startReplication(
    targetOf(memberOf(execution, id), material.tls),
    STOP_REPLICATION_MS,
  );
};

export const reload = async (
  execution: Execution,
  { pod, id }: ActionOf<'reload'>,
): Promise<void> => {
  const { deps, state, cache, material } = execution;
  const config = state.desired?.config;
  if (!config) return;
  cache.reloads.set(pod, deps.clock.now());
  const target = targetOf(memberOf(execution, id), material.tls);
  const answer = await deps.rpc.reloadConfig(target, config.expected, RELOAD_MS);
  if (answer.needs_restart) {
    const settings = (answer.mismatches ?? []).map(({ name }) => name ?? '?').join(', ');
    const message = `${pod}: ${settings || 'a setting'} needs a restart`;
    tell(execution, { type: 'Warning', reason: 'ConfigReloadNeedsRestart', message });
    return;
  }
  if (!answer.config_load_time) return;
  const namespace = state.shard.metadata.namespace ?? '';
  await deps.kube.mergePatch(
    { kind: KINDS.Pod, namespace, name: pod },
    { metadata: { annotations: { [ANNOTATIONS.postgresReloadHash]: config.reloadHash } } },
  );
  const message = `${pod} runs the new settings`;
  tell(execution, { type: 'Normal', reason: 'ConfigReloaded', message });
};

export const backup = (execution: Execution, { id, onLeader }: ActionOf<'backup'>): void => {
  const { deps, cache, material } = execution;
  const target = targetOf(memberOf(execution, id), material.tls);
  const count = (cache.freshBackup?.count ?? 0) + 1;
  const attempt = { id, count, running: true, endedMs: 0 };
  cache.freshBackup = attempt;
  const ended = (error?: unknown): void => {
    // Given up already in favour of another.
    if (cache.freshBackup !== attempt) return;
    const reason = error === undefined ? {} : { error: textOf(error) };
    cache.freshBackup = { ...attempt, running: false, endedMs: deps.clock.now(), ...reason };
  };
  const run = async (): Promise<void> => {
    const request = { type: 'incremental', force_primary: onLeader } as const;
    try {
      await deps.rpc.backup(target, request, BACKUP_MS);
      const value = await deps.rpc.getBackups(target, BACKUPS_LISTED);
      cache.backups = { atMs: deps.clock.now(), value };
      ended();
    } catch (error) {
      ended(error);
      throw error;
    }
  };
  cache.jobs.delete('backup');
  startJob(execution, 'backup', run);
};
