import {
  BOOLEANS,
  isEnumValue,
  OWNED_SETTINGS,
  POSTGRES_MAJOR,
  POSTGRES_SETTINGS,
  type PostgresSetting,
} from '../../schemas/postgres-settings.ts';
import type { Finding } from './policy.ts';
import { nearest } from '../../schemas/spelling.ts';
import { oneOf } from './words.ts';

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

/** Lines of postgresql.conf that are no settings but read other files. */
const DIRECTIVES = ['include', 'include_dir', 'include_if_exists'];

/** `extension.setting`, as postgresql.conf can hold it. Anything else there would be another line. */
const QUALIFIED = /^[a-z_\u0080-\uffff][\w\u0080-\uffff]*\.[a-z_\u0080-\uffff][\w\u0080-\uffff]*$/;

/** The brief text does not say whose setting it is. */
type SettingFinding = Omit<Finding, 'path'> & { brief: string };

interface FileReading {
  /** Values of owned settings that pass. */
  harmless: Readonly<Record<string, string>>;
}

/**
 * What is wrong with one setting. An entry of `postgresConfig` has the values of multigres-operator;
 * with `file` it is a line that Postgres itself reads, which takes more spellings.
 */
export function settingFinding(
  written: string,
  raw: string,
  file?: FileReading,
): SettingFinding | undefined {
  const plain = PLAIN.get(written);
  if (plain && !/[\r\n]/.test(raw)) return judgeType(plain, raw, file ? TYPES_OF_POSTGRES : TYPES);
  const name = written.trim().toLowerCase();
  if (/[\r\n]/.test(`${name}${raw}`)) return lineBreak(written);
  if (name.includes('.')) return QUALIFIED.test(name) ? undefined : noName(written);
  const value = raw.trim().toLowerCase();
  if (DIRECTIVES.includes(name)) {
    return {
      message: `${name} reads another file, whose settings nobody here can judge`,
      allowed: 'settings themselves',
      fix: `remove ${written} and write what that file holds`,
      brief: `${name} reads another file: write what that file holds`,
    };
  }
  const owner = ownerOf(name);
  if (owner && file?.harmless[name] === value) return undefined;
  if (owner) {
    return {
      message: `${name} is set by ${owner}`,
      allowed: 'settings that nobody else sets',
      fix: `remove ${written}`,
      brief: `${name} is set by others: remove it`,
    };
  }
  const setting = POSTGRES_SETTINGS.get(name);
  if (!setting) {
    const near = nearest(name, [...POSTGRES_SETTINGS.keys()]);
    return {
      message: `PostgreSQL ${POSTGRES_MAJOR} has no setting ${name}`,
      allowed: 'names from pg_settings, or names of extensions with a dot',
      fix: near ? `write ${near}` : `remove ${written}`,
      brief: `PostgreSQL ${POSTGRES_MAJOR} has no setting ${name}: ${near ? `write ${near}` : 'remove it'}`,
    };
  }
  if (setting.context === 'internal') {
    return {
      message: `${name} is reported by PostgreSQL and cannot be set`,
      allowed: 'settings that can be set',
      fix: `remove ${written}`,
      brief: `${name} cannot be set: remove it`,
    };
  }
  if (DURABILITY[name]?.includes(file ? wordOf(setting, value) : value)) {
    return {
      value: raw,
      message: `${name} = ${raw} can lose writes that were confirmed`,
      allowed: `values of ${name} that keep them, such as on`,
      fix: `remove ${written}`,
      brief: `${name} = ${raw} can lose confirmed writes: remove it`,
    };
  }
  return judgeType(setting, raw, file ? TYPES_OF_POSTGRES : TYPES);
}

function lineBreak(written: string): SettingFinding {
  const name = written.trim().split(/[\r\n]/, 1)[0] ?? '';
  return {
    message: `the entry ${name} holds a line break, and what follows would be another setting`,
    allowed: 'one line for each setting',
    fix: 'write each setting as an entry of its own',
    brief: `the entry ${name} holds a line break: write each setting as one`,
  };
}

function noName(written: string): SettingFinding {
  return {
    message: `${written} is no name of a setting, and Postgres would not start`,
    allowed: 'names of extensions: letters, digits and underscores on both sides of one dot',
    fix: 'correct the name',
    brief: `${written} is no name of a setting: correct it`,
  };
}

/** Postgres takes the beginning of a boolean for the whole. */
function wordOf({ type }: PostgresSetting, value: string): string {
  if (type !== 'bool') return value;
  return OFF.find((word) => value !== '' && value !== 'o' && word.startsWith(value)) ?? value;
}

function ownerOf(name: string): string | undefined {
  if (OWNED_SETTINGS.includes(name)) return 'the operator';
  if (name.startsWith('recovery_target')) {
    return 'the runtime (pgBackRest, which always restores the latest state)';
  }
  const who = Object.hasOwn(RUNTIME_SETTINGS, name) ? RUNTIME_SETTINGS[name] : undefined;
  return who && `the runtime (${who})`;
}

/** Settings about which there is nothing to say but whether a value is of their type: nearly all. */
const PLAIN: ReadonlyMap<string, PostgresSetting> = new Map(
  [...POSTGRES_SETTINGS].filter(
    ([name, { context }]) =>
      context !== 'internal' &&
      !DIRECTIVES.includes(name) &&
      ownerOf(name) === undefined &&
      DURABILITY[name] === undefined,
  ),
);

type Types = Readonly<Record<'bool' | 'integer' | 'real', (value: string) => boolean>>;

/** What multigres-operator takes. */
const TYPES: Types = {
  bool: (value) => BOOLEANS.includes(value),
  integer: (value) => /^[+-]?\d+\s*[a-z]*$/.test(value),
  real: (value) => value !== '' && Number.isFinite(Number(value)),
};

const NUMBER = /^[+-]?(0x[\da-f]+|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)\s*[a-z]*$/;

/** What Postgres takes: beginnings of booleans, numbers with a fraction, an exponent or a unit. */
const TYPES_OF_POSTGRES: Types = {
  bool: (value) => value !== '' && value !== 'o' && BOOLEANS.some((word) => word.startsWith(value)),
  integer: (value) => NUMBER.test(value),
  real: (value) => NUMBER.test(value),
};

function judgeType(
  setting: PostgresSetting,
  raw: string,
  types: Types,
): SettingFinding | undefined {
  const { name, type } = setting;
  const value = raw.trim().toLowerCase();
  if (type === 'enum') return isEnumValue(setting, value) ? undefined : noValue(setting, raw);
  if (type === 'string' || types[type](value)) return undefined;
  const { noun, allowed, example } = EXPECTED[type];
  return {
    value: raw,
    message: `${name} takes ${noun}`,
    allowed,
    fix: `write for example ${example}`,
    brief: `${name} takes ${noun}: write for example ${example}`,
  };
}

/** multigres-operator takes any text for an enum, so this is told and not refused. */
function noValue({ name, values = [] }: PostgresSetting, raw: string): SettingFinding {
  const harmless = values.filter((one) => one !== '' && !DURABILITY[name]?.includes(one));
  const near = nearest(raw.trim().replaceAll(/^'|'$/g, ''), harmless);
  return {
    mode: 'warn',
    value: raw,
    message: `${name} = ${raw} is none of its values, and Postgres would not start`,
    allowed: oneOf(harmless),
    fix: `write ${near ?? 'one of these'}`,
    brief: `${name} takes no such value: write ${near ?? 'one of its list'}`,
  };
}

const EXPECTED = {
  bool: { noun: 'a boolean', allowed: BOOLEANS.join(', '), example: '"on"' },
  integer: {
    noun: 'an integer',
    allowed: 'a whole number, with a unit where the setting has one',
    example: '"100" or "64MB"',
  },
  real: { noun: 'a number', allowed: 'a number such as 1.1', example: '"1.1"' },
} as const;
