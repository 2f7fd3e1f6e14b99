/** Paths inside the containers of a pool pod. */
export const PATHS = {
  /** Mount of the data volume: parent of PGDATA, so that initdb may change the mode of its own directory. */
  pooler: '/var/lib/pooler',
  pgdata: '/var/lib/pooler/pg_data',
  postgresSocket: '/var/lib/pooler/pg_sockets/.s.PGSQL.5432',
  pgctldSocket: '/var/lib/pooler/pgctld.sock',
  /** Where Postgres makes what its processes share but for shared_buffers. */
  sharedMemory: '/dev/shm',
  hba: '/etc/pgctld',
  /** Below the hba mount: the kubelet mounts in the order of paths. */
  config: '/etc/pgctld/postgres-config',
  password: '/etc/postgres-password',
  queries: '/etc/postgres-exporter',
  pgbackrest: '/certs/pgbackrest',
  cipher: '/secrets/pgbackrest-cipher',
  /** Repository of a filesystem backup unless `backup.filesystem.path` says otherwise. */
  backups: '/backups',
} as const;

/** Keys of the ConfigMaps and Secrets, which are also the file names. */
export const FILES = {
  hba: 'pg_hba_template.conf',
  config: 'postgresql.conf',
  password: 'password',
  queries: 'queries.yml',
  cipher: 'keys.json',
} as const;
