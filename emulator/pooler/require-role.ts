/** The check before calls that only a primary, or only a standby, may answer. */
import { RpcError, status } from '../grpc.ts';
import { idText } from '../ids.ts';
import type { Context } from './context.ts';

const QUERY_MS = 5000;

/** @throws RpcError 14 without postgres, 9 in the wrong role, with the runtime's texts */
export async function requireRole(ctx: Context, wanted: 'primary' | 'standby'): Promise<void> {
  const { state } = ctx;
  if (!state.running) throw new RpcError(status.UNAVAILABLE, 'PostgreSQL is not running');
  const { recovery } = await ctx.sql.one<{ recovery: boolean }>(
    'SELECT pg_is_in_recovery() AS recovery',
    [],
    QUERY_MS,
  );
  if (recovery === (wanted === 'standby')) return;
  const not = wanted === 'standby' ? 'not ' : '';
  throw new RpcError(
    status.FAILED_PRECONDITION,
    `operation not allowed: the PostgreSQL instance is ${not}in standby mode (service_id: ${idText(state.id)})`,
  );
}
