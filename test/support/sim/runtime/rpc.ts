/** Calls of the operator to poolers and orchestrators, answered by the simulated ones. */
import { status } from '@grpc/grpc-js';
import type { Rpc, RuleUpdate, Target } from '../../../../controller/rpc/client.ts';
import { RpcError } from '../../../../controller/rpc/client.ts';
import type { DetectedProblem } from '../../../../controller/rpc/types.ts';
import type { Id } from '../../../../controller/topo/types.ts';
import { poolerIdMessage, toId, toRuleNumber } from '../../../../emulator/orch/messages.ts';
import { compareRules, sameId } from '../../../../emulator/orch/model.ts';
import { satisfied } from '../../../../emulator/orch/quorum.ts';
import type { Session } from '../session.ts';
import type { Range } from '../pace.ts';
import type { ShardContext } from './context.ts';
import type { Orchestrator } from './orch.ts';
import type { Pooler } from './pooler.ts';
import { commitRule } from './replication.ts';
import { statusOf } from './status.ts';

export interface RpcOptions {
  ctx: ShardContext;
  session: Session;
  /** Who listens at this host of an address, `<name>.<namespace>.svc`, and whether it can be reached. */
  orchestratorAt: (host: string) => Orchestrator | undefined;
  /** Nobody refuses a connection to this host: its machine is off or cut off. */
  isSilent: (host: string) => boolean;
}

const CALL_MS: Range = [2, 6];
const BACKUP_MS: Range = [1500, 2500];

type Answer<T> = (done: (value: T) => void, fail: (error: RpcError) => void) => void;

const failure = (code: number, text: string): RpcError => new RpcError(text, code);
const wrongRole = (text: string): RpcError => failure(status.FAILED_PRECONDITION, text);

export function createSimRpc(options: RpcOptions): Rpc {
  const { ctx, session } = options;
  const hostOf = (target: Target): string => target.address.split(':')[0] ?? '';
  const poolerAt = (host: string): Pooler | undefined =>
    [...ctx.poolers.values()].find((pooler) => pooler.up && pooler.hostname === host);

  /** One call with its deadline: whoever does not listen refuses, whoever cannot be reached says nothing. */
  const call = <T>(
    target: Target,
    timeoutMs: number,
    work: (host: string) => Answer<T>,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const host = hostOf(target);
      const [low, high] = CALL_MS;
      const way = (): number => ctx.random.between(low, high) / 2;
      const stop = session.later(timeoutMs, () =>
        reject(
          failure(status.DEADLINE_EXCEEDED, `${target.address}: no answer in ${timeoutMs} ms`),
        ),
      );
      const back = (fn: () => void): void => {
        session.later(way(), () => {
          stop();
          fn();
        });
      };
      session.later(way(), () => {
        if (options.isSilent(host)) return;
        const fail = (error: RpcError): void => back(() => reject(error));
        work(host)((value) => back(() => resolve(value)), fail);
      });
    });
  const toPooler = <T>(
    target: Target,
    timeoutMs: number,
    work: (pooler: Pooler) => Answer<T>,
  ): Promise<T> =>
    call(target, timeoutMs, (host) => {
      const pooler = poolerAt(host);
      if (pooler?.listening && !pooler.stopping) return work(pooler);
      return (_done, fail) => fail(failure(status.UNAVAILABLE, `${host}: connection refused`));
    });
  const toOrch = <T>(
    target: Target,
    timeoutMs: number,
    work: (orch: Orchestrator) => Answer<T>,
  ): Promise<T> =>
    call(target, timeoutMs, (host) => {
      const orch = options.orchestratorAt(host);
      if (orch?.up) return work(orch);
      return (_done, fail) => fail(failure(status.UNAVAILABLE, `${host}: connection refused`));
    });
  const effect = (method: string, pooler?: Pooler): void => {
    const what = pooler ? `${method} of ${pooler.pod}` : method;
    session.effect({ of: 'call', what, method, ...(pooler ? { pooler: pooler.id.name } : {}) });
  };

  return {
    poolerStatus: (target, timeoutMs = 4000) =>
      toPooler(target, timeoutMs, (pooler) => (done) => done(statusOf(ctx, pooler))),
    getBackups: (target, limit, timeoutMs = 10_000) =>
      toPooler(target, timeoutMs, () => (done) => done(ctx.repository.list(ctx.shardKey, limit))),
    backup: (target, request, timeoutMs) =>
      toPooler(target, timeoutMs, (pooler) => (done, fail) => {
        effect('Backup', pooler);
        const startMs = ctx.clock.now();
        const broken = pooler.orElse(() => fail(failure(status.UNAVAILABLE, 'connection lost')));
        pooler.after(BACKUP_MS, () => {
          broken();
          const { wal } = pooler.volume;
          const endMs = ctx.clock.now();
          if (wal) ctx.repository.add({ type: request.type, wal, startMs, endMs });
          done(undefined);
        });
      }),
    reloadConfig: (target, expected, timeoutMs = 10_000) =>
      toPooler(target, timeoutMs, (pooler) => (done, fail) => {
        if (!pooler.postgres.ready)
          return fail(failure(status.UNAVAILABLE, 'PostgreSQL is not ready'));
        effect('ReloadConfig', pooler);
        done(pooler.postgres.settings.reload(expected, ctx.clock.now()));
      }),
    checkpoint: (target, timeoutMs) =>
      toPooler(target, timeoutMs, (pooler) => (done, fail) => {
        if (!pooler.postgres.ready) {
          return fail(failure(status.UNAVAILABLE, 'PostgreSQL is not ready'));
        }
        effect('ExecuteQuery', pooler);
        done(undefined);
      }),
    resignLeadership: (target, timeoutMs = 120_000) =>
      toPooler(target, timeoutMs, (pooler) => (done, fail) => {
        if (!pooler.isPrimary) return fail(wrongRole('is in standby mode'));
        effect('ResignLeadership', pooler);
        const broken = pooler.orElse(() => fail(failure(status.UNAVAILABLE, 'connection lost')));
        pooler.resign(() => {
          broken();
          done(undefined);
        });
      }),
    shardStatus: (target, key, timeoutMs = 4000) =>
      toOrch(target, timeoutMs, (orch) => (done) => {
        const problems: DetectedProblem[] = orch.findings.flatMap(({ problem }) =>
          problem
            ? [
                {
                  code: problem.code,
                  check_name: problem.checkName,
                  shard_key: key,
                  priority: problem.priority,
                  scope: problem.scope,
                  description: problem.description,
                  ...(problem.pooler ? { pooler_id: poolerIdMessage(problem.pooler) as Id } : {}),
                },
              ]
            : [],
        );
        done({ problems });
      }),
    triggerRecoveryNow: (target, timeoutMs = 30_000) =>
      toOrch(target, timeoutMs, (orch) => (done) => {
        effect(`TriggerRecoveryNow of ${orch.name}`);
        orch.recoverNow(done);
      }),
    buildInfo: (target, timeoutMs = 4000) =>
      toPooler(target, timeoutMs, () => (done) => done({ revision: 'simulated' })),
    stopReplication: (target, timeoutMs) =>
      toPooler(target, timeoutMs, (pooler) => (done, fail) => {
        if (pooler.postgres.state !== 'STANDBY') return fail(wrongRole('not in standby mode'));
        effect('StopReplication', pooler);
        pooler.paused = true;
        pooler.changed();
        done(undefined);
      }),
    startReplication: (target, timeoutMs) =>
      toPooler(target, timeoutMs, (pooler) => (done, fail) => {
        if (pooler.postgres.state !== 'STANDBY') return fail(wrongRole('not in standby mode'));
        effect('StartReplication', pooler);
        pooler.paused = false;
        pooler.changed();
        done(undefined);
      }),
    updateRule: (target, request, timeoutMs) =>
      toPooler(target, timeoutMs, (pooler) => (done, fail) => {
        const refused = updateRule(ctx, pooler, request);
        if (refused) return fail(refused);
        effect(`UpdateConsensusRule ${request.operation}`, pooler);
        done(undefined);
      }),
    close: () => {},
  };
}

/** Why the rule stays as it is; undefined when it was changed, or said that already. */
function updateRule(
  ctx: ShardContext,
  leader: Pooler,
  { operation, standby_ids, expected_outgoing_rule }: RuleUpdate,
): RpcError | undefined {
  const rule = leader.volume.wal?.rule;
  if (!leader.isPrimary || !rule) return wrongRole('is in standby mode');
  if (compareRules(toRuleNumber(expected_outgoing_rule), rule) !== 0) {
    const text = 'rule conflict: current rule version changed since last read';
    return failure(status.UNKNOWN, text);
  }
  const named = standby_ids.map(toId);
  const others = rule.cohort.filter((id) => !named.some((other) => sameId(other, id)));
  const adds = operation === 'RULE_OPERATION_COHORT_ADD';
  const cohort = adds ? [...others, ...named] : others;
  if (!satisfied(rule.policy, cohort)) {
    return failure(status.INVALID_ARGUMENT, 'cohort cannot achieve durability policy');
  }
  if (!commitRule(ctx, leader, { ...rule, subterm: rule.subterm + 1, cohort })) {
    return failure(status.DEADLINE_EXCEEDED, 'no standby confirms the rule');
  }
  leader.changed();
  return undefined;
}
