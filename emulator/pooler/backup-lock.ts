/** The shard's backup lock: a key in the global topology under a lease. */
import { RpcError, status } from '../grpc.ts';
import { sleep } from '../role.ts';
import { backupLockPath, type Lock } from '../topo.ts';
import type { Context } from './context.ts';

/** Life of the lock without its holder. */
const TTL_SECONDS = 30;
/** Between breaking a lock and taking it. */
const AFTER_BREAK_MS = 5000;

export const lockPath = (ctx: Context): string => {
  const { database = '', table_group = '', shard = '' } = ctx.state.shardKey;
  return backupLockPath(database, table_group, shard);
};

/** Takes the lock; undefined when another pooler holds it. @param action what the holder is about to do */
export function takeLock(ctx: Context, action: string): Promise<Lock | undefined> {
  const text = { action, holder: ctx.state.id.name, time: new Date().toISOString() };
  return ctx.topo.global.lock(lockPath(ctx), JSON.stringify(text, null, 2), TTL_SECONDS);
}

/** Takes the lock, breaking another's: the newest request wins. @throws RpcError 10 when it is taken again meanwhile */
export async function stealLock(ctx: Context): Promise<Lock> {
  const first = await takeLock(ctx, 'backup');
  if (first) return first;
  await ctx.topo.global.breakLock(lockPath(ctx));
  await sleep(AFTER_BREAK_MS);
  const second = await takeLock(ctx, 'backup');
  if (!second) throw new RpcError(status.ABORTED, 'the backup lock is held by another pooler');
  return second;
}
