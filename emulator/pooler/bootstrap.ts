/** How an empty data directory gets its content: the first backup of a new shard, or a restore. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { timeMessage } from '../../controller/proto/time.ts';
import { codecs } from '../../controller/topo/codec.ts';
import { sleep } from '../role.ts';
import { databasePath, type Lock } from '../topo.ts';
import { lockPath, takeLock } from './backup-lock.ts';
import { backupAnnotations, newJobId } from './backups.ts';
import type { Context } from './context.ts';
import type { ShardRule } from './messages.ts';
import { createRules } from './rules.ts';
import { overrideStopped, stopPostgres } from './server-control.ts';

/** How long a pooler that lost the race waits for the winner, before it looks into the repository again. */
const LOSER_WAIT_MS = 4000;

/** Removes what an interrupted first backup or restore left. */
export async function clearUnfinished(ctx: Context): Promise<void> {
  if (!existsSync(ctx.layout.sentinel)) return;
  ctx.log.warn('data directory of an interrupted bootstrap is removed');
  await stopPostgres(ctx);
  await ctx.pgctld.wipe();
  rmSync(ctx.layout.sentinel, { force: true });
}

/** Restores the newest complete backup, or makes the first one when the repository has none. @throws Error when it cannot be read */
export async function fillDataDir(ctx: Context): Promise<void> {
  const complete = (await ctx.backrest.list()).filter((backup) => backup.error !== true);
  const { state } = ctx;
  // The record goes on saying SERVING while data comes and goes, as recorded from the runtime.
  state.hold = 'SERVING';
  try {
    if (complete.length > 0) await restore(ctx);
    else await firstBackup(ctx);
  } finally {
    state.hold = undefined;
    if (!state.running) state.wasReady = false;
  }
}

async function restore(ctx: Context): Promise<void> {
  const { state, log, layout } = ctx;
  state.setAction('RESTORING_FROM_BACKUP');
  const started = Date.now();
  try {
    writeFileSync(layout.sentinel, 'restore\n');
    await ctx.pgctld.wipe();
    await ctx.backrest.restore();
    overrideStopped(ctx, '');
    rmSync(layout.sentinel, { force: true });
    state.position = undefined;
    state.forget();
    await ctx.pgctld.start(true);
    await ctx.observe();
    log.info('restore.attempt', { outcome: 'success', ms: Date.now() - started });
  } finally {
    state.setAction(undefined);
  }
}

async function firstBackup(ctx: Context): Promise<void> {
  const { state, layout, log } = ctx;
  state.setAction('CREATING_FIRST_BACKUP');
  let lock: Lock | undefined;
  try {
    writeFileSync(layout.sentinel, 'first backup\n');
    await ctx.pgctld.wipe();
    await ctx.pgctld.initDataDir();
    await ctx.pgctld.start(false);
    await createRules(ctx.act, await firstRule(ctx));
    await ctx.observe();
    lock = await takeLock(ctx, 'first backup');
    const raced = lock && (await ctx.backrest.list()).some((backup) => backup.error !== true);
    if (lock && !raced) await makeBackup(ctx);
  } finally {
    await stopPostgres(ctx).catch((error: unknown) => log.warn('stop failed', { error }));
    await ctx.pgctld.wipe();
    rmSync(layout.sentinel, { force: true });
    await ctx.observe();
    await lock?.release();
    if (!lock) await waitForWinner(ctx);
    state.setAction(undefined);
  }
}

async function makeBackup(ctx: Context): Promise<void> {
  const started = Date.now();
  // A stanza without a backup belongs to a bootstrap that did not finish: it is turned to this cluster.
  await ctx.backrest.createStanza().catch(() => ctx.backrest.upgradeStanza());
  await ctx.backrest.check();
  await ctx.backrest.backup('full', backupAnnotations(ctx, newJobId(ctx), '17'), undefined, {});
  ctx.log.info('first backup created', { ms: Date.now() - started });
}

async function waitForWinner(ctx: Context): Promise<void> {
  const limit = Date.now() + LOSER_WAIT_MS;
  while (Date.now() < limit && !ctx.state.stopping) {
    await sleep(250);
    if (!(await ctx.topo.global.get(lockPath(ctx)))) return;
  }
}

/** A rule without leader and cohort; the policy is the Database record's and from then on the shard's own. */
async function firstRule(ctx: Context): Promise<ShardRule> {
  const { id, shardKey } = ctx.state;
  const found = await ctx.topo.global.get(databasePath(shardKey.database ?? ''));
  const policy = found && codecs.Database.decode(found.value).bootstrap_durability_policy;
  if (!policy) throw new Error('the Database record has no bootstrap_durability_policy');
  return {
    rule_number: { coordinator_term: '0', leader_subterm: '1' },
    durability_policy: policy,
    coordinator_id: { component: 'MULTIORCH', cell: id.cell ?? '', name: id.name ?? '' },
    creation_time: timeMessage(Date.now()),
  };
}
