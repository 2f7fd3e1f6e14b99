/** Where things lie below --pooler-dir, and what both containers of a pod know of the database. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Layout {
  poolerDir: string;
  pgData: string;
  socketDir: string;
  /** pgBackRest's folder: configuration, pass file, locks, spool. */
  backrestDir: string;
  backrestConf: string;
  passFile: string;
  /** Exists while the data directory is the throw-away one of the first backup. */
  sentinel: string;
  user: string;
  password: string;
  pgPort: number;
}

/** @throws Error when PGDATA or a password source is missing, like the real pgctld */
export function readLayout(poolerDir: string, pgPort: number, env: NodeJS.ProcessEnv): Layout {
  if (!poolerDir) throw new Error('pooler-dir needs to be set');
  const pgData = env['PGDATA'];
  if (!pgData) throw new Error('PGDATA environment variable must be set');
  const file = env['POSTGRES_PASSWORD_FILE'];
  const password = file
    ? (readFileSync(file, 'utf8').split('\n')[0] ?? '')
    : env['POSTGRES_PASSWORD'];
  if (!password) {
    throw new Error(
      file
        ? `password file is empty: ${file}`
        : 'POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD must be set',
    );
  }
  const backrestDir = join(poolerDir, 'pgbackrest');
  return {
    poolerDir,
    pgData,
    socketDir: join(poolerDir, 'pg_sockets'),
    backrestDir,
    backrestConf: join(backrestDir, 'pgbackrest.conf'),
    passFile: join(backrestDir, 'pgbackrest.pgpass'),
    sentinel: join(poolerDir, 'first-backup.in-progress'),
    user: env['POSTGRES_USER'] || 'postgres',
    password,
    pgPort,
  };
}

/** Makes the folders and the pass file that postgres, pg_rewind and pgBackRest use. */
export function prepareFolders(layout: Layout): void {
  for (const dir of [layout.socketDir, layout.backrestDir]) mkdirSync(dir, { recursive: true });
  for (const dir of ['log', 'lock', 'spool']) {
    mkdirSync(join(layout.backrestDir, dir), { recursive: true });
  }
  const escape = (text: string): string => text.replace(/[\\:]/g, (c) => `\\${c}`);
  const line = `*:*:*:${escape(layout.user)}:${escape(layout.password)}\n`;
  if (!existsSync(layout.passFile) || readFileSync(layout.passFile, 'utf8') !== line) {
    writeFileSync(layout.passFile, line, { mode: 0o600 });
  }
}

/** True when PGDATA holds a cluster. */
export const hasDataDir = (layout: Layout): boolean =>
  existsSync(join(layout.pgData, 'PG_VERSION'));

/** Environment for the database's programs: found on PATH or where Debian puts them; passwords from the pass file. */
export function toolEnv(layout: Layout, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    PATH: `/usr/lib/postgresql/17/bin:${env['PATH'] ?? '/usr/bin:/bin'}`,
    PGPASSFILE: layout.passFile,
    HOME: layout.poolerDir,
  };
}
