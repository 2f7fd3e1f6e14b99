/** The gRPC service that multiorch offers to operators. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { RpcError, status, unary } from '../grpc.ts';
import { fromMs, poolerIdMessage } from './messages.ts';
import type { ShardKey } from './model.ts';
import type { ShardKeeper } from './keeper.ts';
import type { ShardWatch } from './watch.ts';

export interface Shard {
  key: ShardKey;
  watch: ShardWatch;
  keeper: ShardKeeper;
}
interface ShardKeyMessage {
  database?: string;
  table_group?: string;
  shard?: string;
}

export function orchService(
  shards: readonly Shard[],
  refusing: () => boolean,
): UntypedServiceImplementation {
  const find = (key: ShardKeyMessage | undefined): Shard => {
    const found = shards.find(
      (s) =>
        s.key.database === key?.database &&
        s.key.tableGroup === key.table_group &&
        s.key.shard === key.shard,
    );
    if (found === undefined)
      throw new RpcError(status.NOT_FOUND, 'shard is not watched by this multiorch');
    return found;
  };
  const setEnabled = (enabled: boolean) => async () => {
    for (const shard of shards) shard.keeper.enabled = enabled;
    await Promise.all(shards.map((shard) => shard.keeper.idle()));
    return { success: true, message: enabled ? 'recovery enabled' : 'recovery disabled' };
  };
  return {
    GetShardStatus: unary(
      (request: { shard_key?: ShardKeyMessage }) => shardStatus(find(request.shard_key)),
      refusing,
    ),
    DisableRecovery: unary(setEnabled(false), refusing),
    EnableRecovery: unary(setEnabled(true), refusing),
    GetRecoveryStatus: unary(() => ({ enabled: shards.every((s) => s.keeper.enabled) }), refusing),
    TriggerRecoveryNow: unary(async () => {
      const left = await Promise.all(shards.map((shard) => shard.keeper.recoverNow()));
      return { remaining_problem_codes: [...new Set(left.flat())] };
    }, refusing),
  };
}

function shardStatus(shard: Shard): object {
  const { database, tableGroup, shard: name } = shard.key;
  return {
    problems: shard.keeper.problems().map(({ problem, sinceMs }) => ({
      code: problem.code,
      check_name: problem.checkName,
      ...(problem.pooler === undefined ? {} : { pooler_id: poolerIdMessage(problem.pooler) }),
      shard_key: { database, table_group: tableGroup, shard: name },
      description: problem.description,
      priority: problem.priority,
      scope: problem.scope,
      detected_at: fromMs(sinceMs),
    })),
    pooler_healths: shard.watch
      .view()
      .poolers.filter((p) => p.lifecycle !== 'SHUTDOWN')
      .map((p) => ({
        pooler_id: poolerIdMessage(p.id),
        stream_connected: p.connected,
        pooler_type: p.health?.poolerType ?? 'UNKNOWN',
        ...(p.lastSeenMs === 0 ? {} : { last_seen: fromMs(p.lastSeenMs) }),
        postgres_ready: p.health?.ready === true,
      })),
  };
}
