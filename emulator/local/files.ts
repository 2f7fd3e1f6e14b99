/** Files that a pod gets from ConfigMaps and Secrets: password, pg_hba, postgresql.conf, certificates. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PASSWORD = 'postgres';
const POSTGRES_UID = 999;

const HBA = `local all all scram-sha-256
local replication all scram-sha-256
host replication all 0.0.0.0/0 scram-sha-256
host all all 0.0.0.0/0 scram-sha-256
`;

const CONF = `max_connections = 60
shared_buffers = 32MB
min_wal_size = 80MB
max_wal_size = 256MB
max_worker_processes = 8
wal_level = logical
wal_log_hints = on
max_wal_senders = 25
lc_messages = 'en_US.UTF-8'
`;

function openssl(cwd: string, ...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
}

/** @param names host names for the certificate of pgBackRest's servers */
function certificates(dir: string, names: readonly string[]): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    dir,
    'req',
    '-x509',
    ...key,
    '-days',
    '30',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=CA',
  );
  openssl(
    dir,
    'req',
    ...key,
    '-keyout',
    'pgbackrest.key',
    '-out',
    'request',
    '-subj',
    '/CN=pgbackrest',
  );
  const san = ['pgbackrest', 'localhost', ...names].map((name) => `DNS:${name}`).join(',');
  writeFileSync(
    join(dir, 'extensions'),
    `extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=${san}\n`,
  );
  openssl(
    ...([
      dir,
      'x509',
      '-req',
      '-in',
      'request',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
    ] as const),
    ...(['-days', '30', '-extfile', 'extensions', '-out', 'pgbackrest.crt'] as const),
  );
  for (const file of ['pgbackrest.key', 'pgbackrest.crt', 'ca.crt']) {
    chownSync(join(dir, file), POSTGRES_UID, POSTGRES_UID);
  }
  chmodSync(join(dir, 'pgbackrest.key'), 0o600);
}

/** Makes etc/, certs/ and backups/ below `dir`, once. */
export function writePodFiles(dir: string, hostNames: readonly string[]): void {
  const etc = join(dir, 'etc');
  if (existsSync(etc)) return;
  for (const name of ['etc', 'certs', 'backups']) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(etc, 'password'), `${PASSWORD}\n`, { mode: 0o444 });
  writeFileSync(join(etc, 'pg_hba_template.conf'), HBA);
  writeFileSync(join(etc, 'postgresql.conf'), CONF);
  certificates(join(dir, 'certs'), hostNames);
  chownSync(join(dir, 'backups'), POSTGRES_UID, POSTGRES_UID);
}
