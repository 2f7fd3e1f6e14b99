import { compact } from './compact.ts';
import { ENUM_VALUES, SETTINGS } from './generated/postgres-settings.ts';

export { POSTGRES_MAJOR } from './generated/postgres-settings.ts';

/**
 * Every setting of PostgreSQL as `pg_settings` of a Debian build lists them: what a value may be, and what
 * it takes for a change to have effect. hack/generate-postgres-settings.ts renews the catalogue.
 */
type SettingType = 'bool' | 'integer' | 'real' | 'string' | 'enum';
type SettingContext = keyof typeof SETTINGS;

export interface PostgresSetting {
  readonly name: string;
  readonly type: SettingType;
  readonly context: SettingContext;
  /** What an enum may be; Postgres takes some other spellings too, see `isEnumValue`. */
  readonly values?: readonly string[];
}

const table = (): ReadonlyMap<string, PostgresSetting> => {
  const settings = new Map<string, PostgresSetting>();
  for (const [context, types] of Object.entries(SETTINGS)) {
    for (const [type, names] of Object.entries(types)) {
      for (const name of names.trim().split(/\s+/)) {
        const values = type === 'enum' ? ENUM_VALUES[name]?.split('|') : undefined;
        const kind = { type: type as SettingType, context: context as SettingContext };
        settings.set(name, compact({ name, ...kind, values }));
      }
    }
  }
  return settings;
};

/** Keyed by lower-case name. Settings with a dot (of extensions) are not in it. */
export const POSTGRES_SETTINGS: ReadonlyMap<string, PostgresSetting> = table();

/** Spellings of a boolean in full, in lower case. */
export const BOOLEANS = ['on', 'off', 'true', 'false', 'yes', 'no', '1', '0'];

/**
 * Whether an enum takes a value, in any case. Those with on and off take every boolean, and those with
 * levels of messages take `debug` and `info`, although pg_settings does not list that (tried with 17.11).
 */
export const isEnumValue = ({ values = [] }: PostgresSetting, written: string): boolean => {
  const value = written.toLowerCase();
  if (values.some((one) => one.toLowerCase() === value)) return true;
  if (values.includes('on')) return BOOLEANS.includes(value);
  return values.includes('debug1') && (value === 'debug' || value === 'info');
};

/** Settings that the operator or pgctld sets; a user's value would break the pod or the replication. */
export const OWNED_SETTINGS: readonly string[] = [
  'port',
  'listen_addresses',
  'unix_socket_directories',
  'data_directory',
  'hba_file',
  'ident_file',
  'wal_level',
];

/**
 * Whether a change of this setting needs a restart of Postgres. Unknown names and names with a dot
 * count as such: a library may have to be loaded first.
 */
export const needsRestart = (name: string): boolean => {
  const context = POSTGRES_SETTINGS.get(name.toLowerCase())?.context;
  return context === undefined || context === 'postmaster' || context === 'internal';
};
