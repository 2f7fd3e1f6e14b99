/** From a leader's log to its standbys', and which of them make a commit durable. */
import type { Rule } from '../../../../emulator/orch/model.ts';
import { sameId } from '../../../../emulator/orch/model.ts';
import { parsePolicy } from '../../../../schemas/durability.ts';
import type { ShardContext } from './context.ts';
import type { Pooler } from './pooler.ts';
import type { Wal } from './volume.ts';
import { append } from './volume.ts';

export const standbysOf = (ctx: ShardContext, leader: Pooler): Pooler[] =>
  [...ctx.poolers.values()].filter((pooler) => pooler.up && pooler.upstream === leader);

/** Standbys whose word counts for a commit under this rule: as `synchronous_standby_names` has them. */
export function voters(ctx: ShardContext, leader: Pooler, rule: Rule): Pooler[] {
  const scope = parsePolicy(rule.policy)?.scope ?? 'any';
  return standbysOf(ctx, leader).filter(
    ({ id }) =>
      rule.cohort.some((member) => sameId(member, id)) &&
      (scope === 'any' || id.cell !== leader.id.cell),
  );
}

/** Every commit waits for one of them, or for ever. */
export const isDurable = (ctx: ShardContext, leader: Pooler, rule: Rule): boolean =>
  voters(ctx, leader, rule).length > 0;

/** Sends the log to all that stream; some of them stay one entry behind for a moment. */
export function replicate(ctx: ShardContext, leader: Pooler): void {
  const { wal } = leader.volume;
  if (!wal) return;
  const { control } = leader.postgres.settings;
  leader.volume.control = control;
  for (const standby of standbysOf(ctx, leader)) {
    const behind = ctx.random.chance(0.1) && wal.prev;
    const next = behind || wal;
    const own = standby.volume.wal?.lsn ?? 0;
    if (next.lsn > own) standby.volume.wal = next;
    Object.assign(standby.volume, { control, restoredFromMs: undefined });
    standby.postgres.heardMs = ctx.clock.now();
  }
}

/** Writes a rule on the leader. False when no standby confirms it: nothing is written then. */
export function commitRule(ctx: ShardContext, leader: Pooler, rule: Rule): boolean {
  const { wal } = leader.volume;
  if (!wal || !isDurable(ctx, leader, rule)) return false;
  const standbys = standbysOf(ctx, leader);
  leader.volume.wal = append(wal, { rule: { ...rule, createdMs: ctx.clock.now() } });
  for (const standby of standbys) standby.volume.wal = leader.volume.wal;
  return true;
}

/** Whether the entry has reached a standby that counts. */
export const isAcknowledged = (ctx: ShardContext, leader: Pooler, entry: Wal): boolean =>
  voters(ctx, leader, entry.rule).some(({ volume }) => (volume.wal?.lsn ?? 0) >= entry.lsn);
