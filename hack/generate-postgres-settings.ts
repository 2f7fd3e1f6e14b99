/**
 * Writes schemas/generated/postgres-settings.ts from the settings of a running PostgreSQL. To be run
 * by hand for a new major version, against a plain server of the build that the images hold (no
 * extension loaded, no file changed):
 *   node hack/generate-postgres-settings.ts postgres://postgres@127.0.0.1:5432/postgres
 * With `--check` nothing is written, and the exit status is 1 if the file is not what the server says.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { renderPostgresSettings, type SettingRow } from './generate/postgres-settings.ts';

const file = new URL('../schemas/generated/postgres-settings.ts', import.meta.url);

const [url] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
if (url === undefined) {
  console.error(
    'usage: node hack/generate-postgres-settings.ts [--check] postgres://user@host:port/db',
  );
  process.exit(2);
}

const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
await client.connect();
const { rows: versions } = await client.query<{ server_version: string }>('show server_version');
const { rows } = await client.query<SettingRow>(
  "select name, vartype as type, context, enumvals as values from pg_settings where name not like '%.%'",
);
await client.end();

const content = renderPostgresSettings(versions[0]?.server_version ?? '', rows);
const same = existsSync(file) && readFileSync(file, 'utf8') === content;
if (process.argv.includes('--check')) {
  if (!same) console.error('schemas/generated/postgres-settings.ts is not what this server says');
  process.exitCode = same ? 0 : 1;
} else {
  if (!same) writeFileSync(file, content);
  console.log(`${rows.length} settings, ${same ? 'as before' : 'written'}`);
}
