/** Calls to the runtime that change something. */
import { compact } from '../../../schemas/compact.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { textOf } from '../../../schemas/text.ts';
import type { Target } from '../../rpc/client.ts';
import { BACKUPS_LISTED } from '../gather/background.ts';
import { orchestratorTargets, targetOf } from '../gather/target.ts';
import { cellsLosingTheirOrchestrator, leaderMember } from '../state/health.ts';
import { shardKeyOf } from '../state/identity.ts';
import { reloadOf } from '../state/reload.ts';
import { shardRule } from '../state/roles.ts';
import type { Effect, Execution } from './context.ts';
import { logFields, memberOf, Refusal, refTo, startJob, tell } from './context.ts';
import { electorOf } from './elector.ts';
import { checkPermit, writePhase } from './pods.ts';

/** Several gigabytes of dirty pages on a slow disk; what is not written by then, the switchover writes. */
const CHECKPOINT_MS = 120_000;
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

export const triggerRecovery: Effect<'trigger-recovery'> = (execution) =>
  startJob(execution, 'trigger-recovery', () => hurryElection(execution));

const targetOfMember = (execution: Execution, id: string): Target =>
  targetOf(memberOf(execution, id), execution.material.tls);

/** One that fails is noted as well: it only saves time, and the switchover must not wait for it for ever. */
export const checkpoint: Effect<'checkpoint'> = (execution, { id }) => {
  const { deps, cache } = execution;
  const target = targetOfMember(execution, id);
  startJob(execution, 'checkpoint', async () => {
    try {
      await deps.rpc.checkpoint(target, CHECKPOINT_MS);
    } finally {
      cache.checkpoint = { id, endedMs: deps.clock.now() };
    }
  });
};

/** The record first: a new leader of the operator must know that leadership was asked to leave. */
export const switchPrimary: Effect<'switch-primary'> = async (execution, action) => {
  checkPermit(execution, action);
  const { rpc } = execution.deps;
  const target = targetOfMember(execution, action.id);
  await writePhase(execution, action.pod, action.record);
  // Listed before the old primary has ended its own part: the election need not wait for that.
  startJob(execution, 'switch-primary', async () => {
    await Promise.all([rpc.resignLeadership(target, RESIGN_MS), hurryElection(execution)]);
  });
};

/** Replication is stopped first: a member that still streams is taken back within a second. */
export const leaveCohort: Effect<'leave-cohort'> = (execution, action) => {
  checkPermit(execution, action);
  const { deps, state, material } = execution;
  const member = memberOf(execution, action.id);
  const leader = leaderMember(state);
  const rule = shardRule(state.members);
  if (!leader || !rule?.rule_number) throw new Refusal('nobody leads');
  const change = {
    operation: 'RULE_OPERATION_COHORT_REMOVE',
    standby_ids: [{ component: 'MULTIPOOLER', cell: member.cell, name: member.id }],
    expected_outgoing_rule: rule.rule_number,
  } as const;
  startJob(execution, 'leave-cohort', async () => {
    await deps.rpc.stopReplication(targetOf(member, material.tls), STOP_REPLICATION_MS);
    await deps.rpc.updateRule(targetOf(leader, material.tls), change, RULE_MS);
  });
};

/** Orchestrators take it back into the cohort once it streams again; not before is its record forgotten. */
export const rejoinCohort: Effect<'rejoin-cohort'> = async (execution, { pod, id }) => {
  await execution.deps.rpc.startReplication(targetOfMember(execution, id), STOP_REPLICATION_MS);
  await writePhase(execution, pod, undefined);
};

/** The answer is kept: what needs a restart is a reason to replace the pod, the rest is told when it lasts. */
export const reload: Effect<'reload'> = async (execution, { pod, id }) => {
  const { deps, state, cache } = execution;
  const config = state.desired?.config;
  const observed = state.objects.pods.get(pod);
  if (!config || !observed) return;
  const hash = config.reloadHash;
  const lastMs = deps.clock.now();
  const before = reloadOf(cache.reloads, observed, hash);
  const asked = compact({ firstMs: lastMs, ...before, uid: observed.metadata.uid, hash, lastMs });
  cache.reloads.set(pod, asked);
  const target = targetOfMember(execution, id);
  const answer = await deps.rpc.reloadConfig(target, config.expected, RELOAD_MS);
  const mismatches = answer.mismatches ?? [];
  const names = mismatches.map(({ name }) => name ?? '?').join(', ') || 'a setting';
  if (answer.needs_restart) {
    cache.reloads.set(pod, { ...asked, restart: names });
    const message = `${pod}: ${names} needs a restart`;
    tell(execution, { type: 'Warning', reason: 'ConfigReloadNeedsRestart', message });
    return;
  }
  if (!answer.config_load_time) {
    const texts = mismatches.map(({ name = '?', error }) => (error ? `${name}: ${error}` : name));
    cache.reloads.set(pod, { ...asked, mismatch: texts.slice(0, 3).join('; ') || names });
    return;
  }
  const annotations = { [ANNOTATIONS.postgresReloadHash]: hash };
  await deps.kube.mergePatch(refTo(execution, 'Pod', pod), { metadata: { annotations } });
  const message = `${pod} runs the new settings`;
  tell(execution, { type: 'Normal', reason: 'ConfigReloaded', message });
};

export const backup: Effect<'backup'> = (execution, { id, onLeader }) => {
  const { deps, cache } = execution;
  const target = targetOfMember(execution, id);
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
      cache.backups = await deps.rpc.getBackups(target, BACKUPS_LISTED);
      ended();
    } catch (error) {
      ended(error);
      throw error;
    }
  };
  cache.jobs.delete('backup');
  startJob(execution, 'backup', run);
};
