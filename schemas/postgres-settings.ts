import { SETTINGS } from './generated/postgres-settings.ts';

export { POSTGRES_MAJOR } from './generated/postgres-settings.ts';

/**
 * Every setting of PostgreSQL as `pg_settings` of a Debian build lists them: what a value may be, and what
 * it takes for a change to have effect. hack/generate-postgres-settings.ts renews the catalogue.
 */
export type SettingType = 'bool' | 'integer' | 'real' | 'string' | 'enum';
export type SettingContext =
  'internal' | 'postmaster' | 'sighup' | 'superuser' | 'user' | 'backend' | 'superuser-backend';

export interface PostgresSetting {
  readonly name: string;
  readonly type: SettingType;
  readonly context: SettingContext;
}

const table = (): ReadonlyMap<string, PostgresSetting> => {
  const settings = new Map<string, PostgresSetting>();
  for (const [context, types] of Object.entries(SETTINGS)) {
    for (const [type, names] of Object.entries(types)) {
      for (const name of names.trim().split(/\s+/)) {
        settings.set(name, {
          name,
          type: type as SettingType,
          context: context as SettingContext,
        });
      }
    }
  }
  return settings;
};

/** Keyed by lower-case name. Settings with a dot (of extensions) are not in it. */
export const POSTGRES_SETTINGS: ReadonlyMap<string, PostgresSetting> = table();

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
  const setting = POSTGRES_SETTINGS.get(name.toLowerCase());
  return (
    setting === undefined || setting.context === 'postmaster' || setting.context === 'internal'
  );
};
