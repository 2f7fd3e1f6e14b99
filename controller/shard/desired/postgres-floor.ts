/**
 * Settings that cannot go down while a shard lives. A standby whose value is lower than the primary had when it wrote
 * the WAL ends with FATAL "recovery aborted because of insufficient parameter settings" (tried with PostgreSQL 17),
 * and a Postgres of this runtime always starts as a standby first, on a data directory that remembers the old value,
 * the last primary's too: neither the order of the pods nor a stop of all of them helps. No call of the runtime
 * restarts a leader's Postgres as the leader. So the higher value stays, and the status says so.
 */
import { parseSettings } from '../../../schemas/postgres-conf.ts';

export interface KeptSetting {
  readonly name: string;
  /** The value that the specification comes to. */
  readonly wanted: string;
  /** The value that the shard runs with, and goes on with. */
  readonly kept: string;
}

/** With what PostgreSQL takes where the file does not name them. */
const ONLY_UP: Readonly<Record<string, number>> = {
  max_connections: 100,
  max_worker_processes: 8,
  max_wal_senders: 10,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 64,
};

/** The one of them that follows the size of the pool: that it stays is nothing to tell a user of. */
export const SIZED = 'max_worker_processes';

type Settings = ReadonlyMap<string, string>;

const valueIn = (settings: Settings, name: string): string =>
  settings.get(name) ?? `${ONLY_UP[name]}`;

/** As it is kept on a data claim: the data directory outlives the file, and the Shard too. */
export const floorNote = (settings: Settings): string =>
  Object.keys(ONLY_UP)
    .map((name) => `${name}=${valueIn(settings, name)}`)
    .join(',');

export const readFloorNote = (note: string): Settings => parseSettings(note.replaceAll(',', '\n'));

/** The settings that would go below the highest value that any of `before` has, with both values. */
export const settingsToKeep = (wanted: Settings, before: readonly Settings[]): KeptSetting[] =>
  Object.keys(ONLY_UP).flatMap((name) => {
    const want = valueIn(wanted, name);
    // What is no number is for Postgres to refuse.
    const higher = before
      .map((settings) => valueIn(settings, name))
      .filter((have) => Number(want) < Number(have))
      .toSorted((a, b) => Number(b) - Number(a));
    return higher[0] === undefined ? [] : [{ name, wanted: want, kept: higher[0] }];
  });

/** Lines that put them back, after all others. */
export const keptLines = (kept: readonly KeptSetting[]): string[] =>
  kept.length === 0
    ? []
    : [
        '# These can only go up while the shard lives: a standby with less than the primary had does not start.',
        ...kept.map(({ name, kept: value }) => `${name} = ${value}`),
      ];

/** Why they stay and what can be done, in one sentence; undefined when all is as wanted. */
export const keptText = (kept: readonly KeptSetting[]): string | undefined => {
  if (kept.length === 0) return undefined;
  const list = kept.map(({ name, wanted, kept: value }) => `${name} stays ${value} (${wanted} is wanted)`); // prettier-ignore
  return (
    `${list.join(', ')}: a Postgres starts as a standby, and one with less than the primary had does not start. ` +
    'Write the value that runs, or move the data to a new cluster with the lower one'
  );
};
