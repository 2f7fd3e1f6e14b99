import { parseSettings } from '../../../schemas/postgres-conf.ts';
import { needsRestart } from '../../../schemas/postgres-settings.ts';
import { MARKER } from './postgres-config.ts';

export interface ChangedSetting {
  readonly name: string;
  /** Undefined: it was not in the file. */
  readonly from?: string;
  /** Undefined: it is not in the file any more. */
  readonly to?: string;
  /** Whether Postgres takes it only when it starts. */
  readonly restart: boolean;
}

/** What became of the settings of one postgresql.conf, by name: those that restart Postgres first. */
export const changedSettings = (before: string, after: string): ChangedSetting[] => {
  const [old, now] = [parseSettings(before), parseSettings(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => name !== MARKER && old.get(name) !== now.get(name))
    .map((name) => {
      const [from, to] = [old.get(name), now.get(name)];
      return {
        name,
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        restart: needsRestart(name),
      };
    })
    .toSorted((a, b) => Number(b.restart) - Number(a.restart) || (a.name < b.name ? -1 : 1));
};
