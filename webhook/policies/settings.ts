import {
  OWNED_SETTINGS,
  POSTGRES_MAJOR,
  POSTGRES_SETTINGS,
  type PostgresSetting,
} from '../../schemas/postgres-settings.ts';
import type { Finding } from './policy.ts';
import { nearest } from './spelling.ts';

const BOOLEANS = ['on', 'off', 'true', 'false', 'yes', 'no', '1', '0'];
const OFF = ['off', 'false', 'no', '0'];

/** Settings of the runtime and who sets them; another value breaks replication or backups. */
const RUNTIME_SETTINGS: Readonly<Record<string, string>> = {
  synchronous_standby_names: 'multipooler, from the durability policy',
  primary_conninfo: 'multipooler, which points standbys at their primary',
  hot_standby: 'pgctld, since standbys answer queries',
  restore_command: 'pgBackRest, which restores through it',
  archive_mode: 'pgBackRest, which archives through it',
  archive_command: 'pgBackRest, which archives through it',
};

/** Values that give up what was confirmed as written. */
const DURABILITY: Readonly<Record<string, readonly string[]>> = {
  fsync: OFF,
  full_page_writes: OFF,
  wal_log_hints: OFF,
  synchronous_commit: [...OFF, 'local'],
};

/** What is wrong with one setting as the user wrote it; `harmless` values of owned ones pass. */
export function settingFinding(
  written: string,
  raw: string,
  harmless: Readonly<Record<string, string>> = {},
): Omit<Finding, 'path'> | undefined {
  const name = written.trim().toLowerCase();
  if (name.includes('.')) return undefined;
  const value = raw.trim().toLowerCase();
  const owner = ownerOf(name);
  if (owner && harmless[name] === value) return undefined;
  if (owner) {
    return {
      message: `${name} is set by ${owner}`,
      allowed: 'settings that nobody else sets',
      fix: `remove ${written}`,
    };
  }
  const setting = POSTGRES_SETTINGS.get(name);
  if (!setting) {
    const near = nearest(name, [...POSTGRES_SETTINGS.keys()]);
    return {
      message: `PostgreSQL ${POSTGRES_MAJOR} has no setting ${name}`,
      allowed: 'names from pg_settings, or names of extensions with a dot',
      fix: near ? `write ${near}` : `remove ${written}`,
    };
  }
  if (setting.context === 'internal') {
    return {
      message: `${name} is reported by PostgreSQL and cannot be set`,
      allowed: 'settings that can be set',
      fix: `remove ${written}`,
    };
  }
  if (DURABILITY[name]?.includes(value)) {
    return {
      value: raw,
      message: `${name} = ${raw} can lose writes that were confirmed`,
      allowed: `values of ${name} that keep them, such as on`,
      fix: `remove ${written}`,
    };
  }
  return judgeType(setting, raw, value);
}

function ownerOf(name: string): string | undefined {
  if (OWNED_SETTINGS.includes(name)) return 'the operator';
  if (name.startsWith('recovery_target')) {
    return 'the runtime (pgBackRest, which always restores the latest state)';
  }
  const who = Object.hasOwn(RUNTIME_SETTINGS, name) ? RUNTIME_SETTINGS[name] : undefined;
  return who && `the runtime (${who})`;
}

function judgeType(
  { name, type }: PostgresSetting,
  raw: string,
  value: string,
): Omit<Finding, 'path'> | undefined {
  const wrong = (allowed: string, example: string): Omit<Finding, 'path'> => ({
    value: raw,
    message: `${name} takes ${type === 'bool' ? 'a boolean' : type === 'real' ? 'a number' : 'an integer'}`,
    allowed,
    fix: `write for example ${example}`,
  });
  switch (type) {
    case 'bool':
      return BOOLEANS.includes(value) ? undefined : wrong(BOOLEANS.join(', '), '"on"');
    case 'integer':
      return /^[+-]?\d+\s*[a-z]*$/.test(value)
        ? undefined
        : wrong('a whole number, with a unit where the setting has one', '"100" or "64MB"');
    case 'real':
      return value !== '' && Number.isFinite(Number(value))
        ? undefined
        : wrong('a number such as 1.1', '"1.1"');
    case 'string':
    case 'enum':
      return undefined;
  }
}
