/** The configuration that pgctld puts into a new data directory. Pure text. */

/** Splits a command line into words; single and double quotes and backslashes as in a shell. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    words.push(
      word.replace(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
        (_, double?: string, single?: string, one?: string) =>
          double !== undefined ? double.replace(/\\(.)/g, '$1') : (single ?? one ?? ''),
      ),
    );
  }
  return words;
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Settings that follow initdb's own in postgresql.conf. Port, addresses and socket folder are not here: they
 * are this pod's, and a restored data directory comes from another one.
 * @param extraConf file of POSTGRES_INITDB_EXTRA_CONF; read anew at every start and reload
 */
export function serverSettings(archiveCommand: string, extraConf: string | undefined): string {
  const lines = [
    '',
    '# added by pgctld',
    "wal_level = 'replica'",
    'wal_log_hints = on',
    'max_wal_senders = 25',
    'max_replication_slots = 25',
    'wal_keep_size = 128MB',
    'archive_mode = on',
    `archive_command = ${quote(archiveCommand)}`,
    'hot_standby = on',
    'password_encryption = scram-sha-256',
  ];
  if (extraConf) lines.push(`include_if_exists = ${quote(extraConf)}`);
  return `${lines.join('\n')}\n`;
}

/** pg_hba.conf when no --pg-hba-template is given. */
export const DEFAULT_HBA = `local all all scram-sha-256
local replication all scram-sha-256
host replication all all scram-sha-256
host all all all scram-sha-256
`;

/** Configuration of the pgBackRest server through which another pod's pgBackRest reaches this database. */
export function backrestServerConf(o: {
  address: string;
  port: number;
  certDir: string;
  dir: string;
}): string {
  return `[global]
tls-server-address=${o.address}
tls-server-port=${o.port}
tls-server-cert-file=${o.certDir}/pgbackrest.crt
tls-server-key-file=${o.certDir}/pgbackrest.key
tls-server-ca-file=${o.certDir}/ca.crt
tls-server-auth=pgbackrest=*
log-level-file=off
log-level-console=warn
log-path=${o.dir}/log
lock-path=${o.dir}/lock
spool-path=${o.dir}/spool
`;
}
